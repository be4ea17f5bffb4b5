"""Kinetics-400 for the light models, at 128 pixels."""

_base_ = './k400_sparse.py'

side = 128
train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
train_pipeline[6]['scale'] = (side, side)
test_pipeline[3]['scale'] = (-1, side)
test_pipeline[4]['crop_size'] = side
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
