"""Something-Something V2, 16 frames."""

_base_ = './ssv2.py'

sample = dict(type='UniformSample', clip_len=16)
init = dict(type='OpenVideo')
test_sample = dict(test_mode=True, **sample)
train_pipeline = [init, sample, *_base_.train_transforms]
test_pipeline = [init, test_sample, *_base_.test_transforms]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
