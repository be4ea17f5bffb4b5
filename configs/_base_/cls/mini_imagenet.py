"""Mini ImageNet of drawn shapes, 40 epochs at 96 pixels: minutes on a CPU core.

python tools/make_mini_data.py imagenet
"""

_base_ = './imagenet.py'

data_root = 'data/mini/imagenet/'
num_classes = 6
epochs = 40
# Enlarged from 64: the last stage would have but four tokens.
side = 96
load = dict(type='LoadImageFromFile')
crop = dict(type='RandomResizedCrop', scale=side, crop_ratio_range=(0.6, 1.0))
resize = dict(type='Resize', scale=(side, side))
flip = dict(type='RandomFlip', prob=0.5)
pack = dict(type='PackInputs')
data_preprocessor = dict(num_classes=num_classes)
# mmpretrain's ImageNet knows its own 1000 classes only.
data = dict(_delete_=True, type='CustomDataset', data_root=data_root)
# Loading takes little time; without workers it follows the seed, also when training resumes.
in_process = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=16,
    **in_process,
    dataset=dict(**data, data_prefix='train', pipeline=[load, crop, flip, pack]),
)
val_dataloader = dict(
    batch_size=40,
    **in_process,
    dataset=dict(**data, data_prefix='val', pipeline=[load, resize, pack]),
)
test_dataloader = val_dataloader
val_evaluator = dict(topk=(1,))
test_evaluator = val_evaluator

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2e-3, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=10)
auto_scale_lr = dict(enable=False, base_batch_size=16)
custom_hooks = [dict(type='EpochSeedHook')]
default_hooks = dict(logger=dict(interval=37), checkpoint=dict(interval=5, max_keep_ckpts=2))
randomness = dict(seed=0)
