"""55 epochs on Kinetics-400 from CLIP, with 8 frames spread over the video, at 224 pixels.

Learning rate 1e-5 for a batch of 256 videos, 5 epochs of warm-up from 1e-6, cosine to 1e-6. Tested
on four clips of three crops. Also defines the lists of the other datasets; those of Kinetics-710
are written by mmuniformer make-k710.
"""

_base_ = './kinetics.py'

epochs, warmup, lr = 55, 5, 1e-5
init = dict(type='OpenVideo')
sample = dict(type='UniformSample', clip_len=8)
test_sample = dict(test_mode=True, **sample)
test_transforms = _base_.test_transforms
augmented = [step for step in _base_.train_transforms if step['type'] != 'RandomErasing']
train_pipeline = [init, sample, *augmented]
val_pipeline = [init, test_sample, *test_transforms]
three_crops = [dict(step, type=step['type'].replace('Center', 'Three')) for step in test_transforms]
test_pipeline = [init, dict(num_clips=4, **test_sample), *three_crops]

k700_train = dict(
    ann_file='data/kinetics700/kinetics700_train_list_videos.txt',
    data_prefix=dict(video='data/kinetics700/videos_train'),
)
k700_val = dict(
    ann_file='data/kinetics700/kinetics700_val_list_videos.txt',
    data_prefix=dict(video='data/kinetics700/videos_val'),
)
k710_train = dict(
    ann_file='data/kinetics710/kinetics710_train_list_videos.txt', data_prefix=dict(video='data')
)
k710_val = dict(
    ann_file='data/kinetics710/kinetics710_val_list_videos.txt', data_prefix=dict(video='data')
)
data_root = _base_.data_root
train_dataloader = dict(
    batch_size=32,
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        _delete_=True,
        type='LenientVideoDataset',
        ann_file=data_root + 'kinetics400_train_list_videos.txt',
        data_prefix=dict(video=data_root + 'videos_train'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(start_factor=1e-6 / lr, end=warmup)
# Relative to the learning rate, so that a run on fewer GPUs scales both ends.
param_scheduler[1].update(
    begin=warmup, end=epochs, T_max=epochs - warmup, eta_min=None, eta_min_ratio=1e-6 / lr
)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=256)
