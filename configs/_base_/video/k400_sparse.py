"""Kinetics-400 for the light models: 16 frames spread over the whole video, at 160 pixels.

Batch of 256 videos, learning rate 4e-4, weight decay 0.1. Tested on one clip of one crop.
"""

_base_ = './kinetics.py'

side = 160
# Magnitude 5 of 10 (`strong`: 10), each of 2 operations with probability 0.5.
ops = dict(
    type='TorchVisionWrapper', op='RandAugment', num_ops=1, magnitude=5, num_magnitude_bins=11,
    interpolation=2, fill=[128, 128, 128],
)  # fmt: skip
augment = dict(type='RandomApply', prob=0.5, transforms=[ops])
strong = dict(type='RandomApply', prob=0.5, transforms=[dict(ops, magnitude=10)])
decode, after = _base_.train_transforms[0], _base_.train_transforms[5:]
after[1]['scale'] = (side, side)
test_transforms = _base_.test_transforms
test_transforms[1]['scale'] = (-1, side)
test_transforms[2]['crop_size'] = side
sample = dict(type='UniformSample', clip_len=16)
init = dict(type='OpenVideo')
train_pipeline = [init, sample, decode, augment, augment, *after]
test_pipeline = [init, dict(test_mode=True, **sample), *test_transforms]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

lr = 4e-4
optim_wrapper = dict(optimizer=dict(lr=lr, weight_decay=0.1))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
auto_scale_lr = dict(base_batch_size=256)
