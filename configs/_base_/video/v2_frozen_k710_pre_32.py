"""v2_frozen_k710_pre with 32 frames, batch of 256 videos; tested on four clips of three crops."""

_base_ = './v2_frozen_k710_pre.py'

train_pipeline, val_pipeline = _base_.train_pipeline, _base_.val_pipeline
test_pipeline = _base_.test_pipeline
train_pipeline[1]['clip_len'] = val_pipeline[1]['clip_len'] = test_pipeline[1]['clip_len'] = 32
test_pipeline[1]['num_clips'] = 4
test_pipeline[4]['type'] = 'ThreeCrop'
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=1, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
auto_scale_lr = dict(base_batch_size=256)
