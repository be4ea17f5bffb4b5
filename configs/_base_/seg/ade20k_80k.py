"""80 000 iterations on ADE20K for Semantic FPN, as in PVT (paper, Sec. 5.4).

AdamW, learning rate 2e-4 (twice PVT's, for twice its batch), weight decay 1e-4 on every parameter,
batch size 32.
"""

_base_ = ['./ade20k.py', 'mmseg::_base_/schedules/schedule_80k.py']

# The published test enlarges images until both sides are divisible by 32.
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 512), keep_ratio=True),
    dict(type='ResizeToMultiple', size_divisor=32),
    dict(type='LoadAnnotations', reduce_zero_label=True),
    dict(type='PackSegInputs'),
]
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [
                dict(type='Resize', scale=(int(2048 * r), int(512 * r)), keep_ratio=True)
                for r in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
            ],
            [dict(type='ResizeToMultiple', size_divisor=32)],
            [
                dict(type='RandomFlip', prob=0.0, direction='horizontal'),
                dict(type='RandomFlip', prob=1.0, direction='horizontal'),
            ],
            [dict(type='LoadAnnotations', reduce_zero_label=True)],
            [dict(type='PackSegInputs')],
        ],
    ),
]
train_dataloader = dict(batch_size=4)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=2e-4, betas=(0.9, 0.999), weight_decay=1e-4)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=1000),
    dict(
        type='CosineAnnealingLR', by_epoch=False, begin=0, end=80000, T_max=80000,
        eta_min_ratio=1e-8,
    ),
]  # fmt: skip
train_cfg = dict(val_interval=4000)
default_hooks = dict(
    checkpoint=dict(type='AtomicCheckpointHook', interval=4000, max_keep_ckpts=3, save_best='mIoU'),
)
auto_scale_lr = dict(enable=False, base_batch_size=32)
