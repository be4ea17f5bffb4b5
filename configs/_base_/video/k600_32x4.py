"""Kinetics-600, 32 frames out of 128; tested on four clips of one crop."""

_base_ = './k400_32x4.py'

train_dataloader = dict(dataset=_base_.k600_train)
val_dataloader = dict(dataset=_base_.k600_val)
test_dataloader = dict(dataset=_base_.k600_val)
