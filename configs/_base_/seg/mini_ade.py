"""Mini ADE20K of drawn landscapes, 1000 iterations at 96 pixels: minutes on two CPU cores.

mmuniformer make-mini-data ade20k
"""

_base_ = './ade20k.py'

classes = dict(
    classes=('sky', 'grass', 'water', 'circle', 'triangle', 'cross'),
    palette=[
        (150, 200, 250),
        (80, 160, 60),
        (40, 90, 170),
        (230, 60, 60),
        (245, 190, 40),
        (40, 200, 210),
    ],
)
crop = (96, 96)
iterations = 1000
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', reduce_zero_label=True),
    dict(type='RandomResize', scale=crop, ratio_range=(0.8, 1.25), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', reduce_zero_label=True),
    dict(type='PackSegInputs'),
]
# mmseg's ADE20KDataset only accepts its own 150 classes.
data = dict(
    _delete_=True,
    type='BaseSegDataset',
    data_root='data/mini/ade20k/',
    metainfo=classes,
    img_suffix='.jpg',
    seg_map_suffix='.png',
    reduce_zero_label=True,
)
# Loading takes 1 % of the time; without workers it is reproducible from the seed.
in_process = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=8,
    **in_process,
    dataset=dict(
        **data,
        data_prefix=dict(img_path='images/training', seg_map_path='annotations/training'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    **in_process,
    dataset=dict(
        **data,
        data_prefix=dict(img_path='images/validation', seg_map_path='annotations/validation'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=3e-3, betas=(0.9, 0.999), weight_decay=0.05),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR', by_epoch=False, begin=0, end=iterations, T_max=iterations,
        eta_min_ratio=0.01,
    ),
]  # fmt: skip
train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations, val_interval=iterations)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=25, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', by_epoch=False, interval=200, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'),
)
auto_scale_lr = dict(enable=False, base_batch_size=8)
randomness = dict(seed=0)
