"""v2_k710_pre_32 at 336 pixels."""

_base_ = './v2_k710_pre_32.py'

side = 336
train_pipeline, val_pipeline = _base_.train_pipeline, _base_.val_pipeline
test_pipeline = _base_.test_pipeline
train_pipeline[8]['scale'] = (side, side)
val_pipeline[3]['scale'] = test_pipeline[3]['scale'] = (-1, side)
val_pipeline[4]['crop_size'] = test_pipeline[4]['crop_size'] = side
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
