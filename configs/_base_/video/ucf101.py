"""25 epochs on split 1 of UCF101, 16 frames out of 64; tested on five clips of three crops.

Learning rate 5e-5 for a batch of 128 videos, 5 epochs of warm-up.
"""

_base_ = './k400_16x4.py'

# Magnitude 5 of 10, each of 2 operations with probability 0.5.
augment = dict(
    type='RandomApply',
    prob=0.5,
    transforms=[
        dict(
            type='TorchVisionWrapper', op='RandAugment', num_ops=1, magnitude=5,
            num_magnitude_bins=11, interpolation=2, fill=[128, 128, 128],
        )
    ],
)  # fmt: skip
decode, after = _base_.train_transforms[0], _base_.train_transforms[5:]
train_pipeline = [*_base_.train_pipeline[:2], decode, augment, augment, *after]
test_pipeline = _base_.test_pipeline
test_pipeline[2]['num_clips'] = 5
test_pipeline[5]['type'] = 'ThreeCrop'

data_root = 'data/ucf101/'
videos = dict(video=data_root + 'videos')
val_list = data_root + 'ucf101_val_split_1_videos.txt'
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file=data_root + 'ucf101_train_split_1_videos.txt',
        data_prefix=videos,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(dataset=dict(ann_file=val_list, data_prefix=videos))
test_dataloader = dict(dataset=dict(ann_file=val_list, data_prefix=videos, pipeline=test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=5e-5))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-6 / 5e-5, by_epoch=True, begin=0, end=5,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=5, end=25, T_max=20,
        convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(max_epochs=25, val_interval=1)
auto_scale_lr = dict(base_batch_size=128)
