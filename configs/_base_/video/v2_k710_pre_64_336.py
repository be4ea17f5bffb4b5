"""v2_k710_pre_32_336 with 64 frames."""

_base_ = './v2_k710_pre_32_336.py'

train_pipeline, val_pipeline = _base_.train_pipeline, _base_.val_pipeline
test_pipeline = _base_.test_pipeline
train_pipeline[1]['clip_len'] = val_pipeline[1]['clip_len'] = test_pipeline[1]['clip_len'] = 64
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
