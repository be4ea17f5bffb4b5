"""Kinetics-400 for UniFormer-XS: 32 frames at 192 pixels, batch of 128 videos."""

_base_ = './k400_sparse.py'

side, frames = 192, 32
train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
train_pipeline[6]['scale'] = (side, side)
test_pipeline[3]['scale'] = (-1, side)
test_pipeline[4]['crop_size'] = side
train_pipeline[1]['clip_len'] = test_pipeline[1]['clip_len'] = frames
# Magnitude 7 of 10, each of 4 operations with probability 0.5.
ops = dict(_base_.ops, magnitude=7)
train_pipeline[3:5] = [dict(type='RandomApply', prob=0.5, transforms=[ops])] * 4
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(weight_decay=0.05))
auto_scale_lr = dict(base_batch_size=128)
