"""Mini ImageNet with token labels, 12 epochs at 96 pixels: nine tokens per image.

mmuniformer make-mini-data imagenet, then the label maps: mmuniformer make-label-maps
"""

_base_ = './mini_imagenet.py'

label_root = 'data/mini/imagenet/label_maps'
epochs = 12
side = 96  # the size at which images are drawn
mean = [127.5, 127.5, 127.5]
data_preprocessor = dict(
    type='TokenLabelDataPreprocessor', mean=mean, std=mean, mix_token=dict(alpha=1.0)
)
load_map = dict(type='LoadLabelMap', label_root=label_root)
moves = dict(type='WithLabelMap', transforms=[_base_.flip, dict(_base_.part, scale=side)])
pack_map = dict(type='PackInputs', algorithm_keys=['label_map', 'label_map_box'])
train_dataloader = dict(dataset=dict(pipeline=[_base_.load, load_map, moves, pack_map]))
whole = dict(_base_.whole, scale=(side, side))
val_dataloader = dict(dataset=dict(pipeline=[_base_.load, whole, _base_.pack]))
test_dataloader = val_dataloader

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(max_epochs=epochs, val_interval=4)
default_hooks = dict(checkpoint=dict(interval=4))
