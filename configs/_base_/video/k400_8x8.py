"""Kinetics-400, 8 frames out of 64; tested on four clips of one crop."""

_base_ = './kinetics.py'

sample = dict(
    type='SampleFrames', clip_len=8, frame_interval=8, target_fps=30, out_of_bound_opt='repeat_last'
)
train_pipeline = [dict(type='OpenVideo'), sample, *_base_.train_transforms]
val_pipeline = [*_base_.open_video, dict(test_mode=True, **sample), *_base_.test_transforms]
test_pipeline = [
    *_base_.open_video,
    dict(test_mode=True, num_clips=4, **sample),
    *_base_.test_transforms,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
