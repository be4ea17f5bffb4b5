"""Mini Kinetics of drifting shapes, 16 frames of 64 pixels: minutes on one CPU core.

mmuniformer make-mini-data kinetics
"""

_base_ = './runtime.py'

data_root = 'data/mini/kinetics/'
epochs = 5
# 16 consecutive frames out of 24. No flips: they turn right into left.
sample = dict(type='SampleFrames', clip_len=16, frame_interval=1)
test_sample = dict(test_mode=True, **sample)
start, decode = dict(type='OpenVideo'), dict(type='DecordDecode')
pack = [dict(type='FormatShape', input_format='NCTHW'), dict(type='PackActionInputs')]
train_pipeline = [start, sample, decode, *pack]
val_pipeline = test_pipeline = [start, test_sample, decode, *pack]
# Loading takes 5 % of the time; without workers it is reproducible from the seed, also on resume.
in_process = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=8,
    **in_process,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='LenientVideoDataset',
        ann_file=data_root + 'annotations/kinetics_train_list_videos.txt',
        data_prefix=dict(video=data_root + 'videos_train'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=4,
    **in_process,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LenientVideoDataset',
        ann_file=data_root + 'annotations/kinetics_val_list_videos.txt',
        data_prefix=dict(video=data_root + 'videos_val'),
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=30),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=epochs)
auto_scale_lr = dict(enable=False, base_batch_size=8)
custom_hooks = [dict(type='EpochSeedHook')]
default_hooks = dict(
    logger=dict(interval=25), checkpoint=dict(interval=1, max_keep_ckpts=2, save_best=None)
)
randomness = dict(seed=0)
