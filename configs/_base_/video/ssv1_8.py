"""Something-Something V1, 8 frames."""

_base_ = './ssv1.py'

sample = dict(type='UniformSample', clip_len=8)
decode = dict(type='ReadFrames')
test_sample = dict(test_mode=True, **sample)
train_pipeline = [sample, decode, *_base_.train_transforms[1:]]
test_pipeline = [test_sample, decode, *_base_.test_transforms[1:]]
train_dataloader = dict(dataset=dict(dataset=dict(pipeline=train_pipeline)))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
