"""Mini ImageNet of drawn shapes, 20 epochs at 64 pixels: minutes on a CPU core.

mmuniformer make-mini-data imagenet
"""

_base_ = './imagenet.py'

data_root = 'data/mini/imagenet/'
num_classes = 6
epochs = 20
side = 64  # images are drawn at 96
# Not named crop and resize, which would be merged with those of imagenet.py.
part = dict(type='RandomResizedCrop', scale=side, crop_ratio_range=(0.7, 1.0))
whole = dict(type='Resize', scale=(side, side))
data_preprocessor = dict(num_classes=num_classes)
# mmpretrain's ImageNet only accepts its own 1000 classes.
data = dict(_delete_=True, type='CustomDataset', data_root=data_root)
# Loading takes little time; without workers it is reproducible from the seed, also on resume.
in_process = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=32,
    **in_process,
    dataset=dict(
        **data, data_prefix='train', pipeline=[_base_.load, part, _base_.flip, _base_.pack]
    ),
)
val_dataloader = dict(
    batch_size=50,
    **in_process,
    dataset=dict(**data, data_prefix='val', pipeline=[_base_.load, whole, _base_.pack]),
)
test_dataloader = val_dataloader
val_evaluator = dict(topk=(1,))
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2e-3, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=5)
auto_scale_lr = dict(enable=False, base_batch_size=32)
custom_hooks = [dict(type='EpochSeedHook')]
default_hooks = dict(logger=dict(interval=25), checkpoint=dict(interval=5, max_keep_ckpts=2))
randomness = dict(seed=0)
