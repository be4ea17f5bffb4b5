"""110 epochs on Kinetics-400 (paper, Sec. 5.2): batch of 32 videos, each clip augmented twice.

Learning rate 1e-4 for 32 videos, 10 epochs of warm-up from 1e-6, cosine to 1e-6. Labels follow the
order of mmaction2's lists. Frame sampling is set in the files named after frames and stride.
"""

_base_ = './video_runtime.py'

side = 224
# Magnitude 7 of 10, each of 4 operations with probability 0.5. The published runs vary the
# magnitude by 0.5 and draw from two operations that torchvision lacks.
augment = dict(
    type='RandomApply',
    prob=0.5,
    transforms=[
        dict(
            type='TorchVisionWrapper', op='RandAugment', num_ops=1, magnitude=7,
            num_magnitude_bins=11, interpolation=2, fill=[128, 128, 128],
        )
    ],
)  # fmt: skip
train_transforms = [
    dict(type='DecordDecode'),
    *[augment] * 4,
    dict(type='RandomResizedCrop', area_range=(0.08, 1.0), aspect_ratio_range=(0.75, 1.3333)),
    dict(type='Resize', scale=(side, side), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    # One box per clip, filled with noise of the data's mean and standard deviation.
    dict(
        type='RandomErasing', erase_prob=0.25, mode='rand', fill_color=[114.75] * 3,
        fill_std=[57.375] * 3,
    ),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]  # fmt: skip
# With a target_fps, mmaction2 samples frames as published: evenly from the first to the last of
# frames times stride. The frame rate is hidden from it, because the published runs count frames.
open_video = [
    dict(type='OpenVideo'),
    dict(type='KeyMapper', mapping=dict(avg_fps='unknown'), auto_remap=False),
]
test_transforms = [
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, side)),
    dict(type='CenterCrop', crop_size=side),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

data_root = 'data/kinetics400/'
k600_train = dict(
    ann_file='data/kinetics600/kinetics600_train_list_videos.txt',
    data_prefix=dict(video='data/kinetics600/videos_train'),
)
k600_val = dict(
    ann_file='data/kinetics600/kinetics600_val_list_videos.txt',
    data_prefix=dict(video='data/kinetics600/videos_val'),
)
train_dataloader = dict(
    batch_size=4,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='repeat_pseudo_collate'),
    dataset=dict(
        type='LenientRepeatAugDataset',
        num_repeats=2,
        sample_once=True,
        ann_file=data_root + 'kinetics400_train_list_videos.txt',
        data_prefix=dict(video=data_root + 'videos_train'),
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LenientVideoDataset',
        ann_file=data_root + 'kinetics400_val_list_videos.txt',
        data_prefix=dict(video=data_root + 'videos_val'),
        test_mode=True,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=val_dataloader['dataset'],
)

param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-2, by_epoch=True, begin=0, end=10,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=10, end=110, T_max=100,
        convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=110, val_interval=5)
auto_scale_lr = dict(enable=False, base_batch_size=32)
