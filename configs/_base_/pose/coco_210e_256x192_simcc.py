"""COCO keypoints at 256x192: two one-dimensional targets per joint, as in RTMPose."""

_base_ = './coco_210e.py'

codec = dict(
    type='SimCCLabel',
    input_size=(192, 256),
    sigma=(4.9, 5.66),
    simcc_split_ratio=2.0,
    normalize=False,
)
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
pack = dict(type='PackPoseInputs')
target = dict(type='GenerateTarget', encoder=codec)
train_dataloader = dict(dataset=dict(pipeline=[*_base_.train_transforms, crop, target, pack]))
val_dataloader = dict(dataset=dict(pipeline=[*_base_.val_transforms, crop, pack]))
test_dataloader = val_dataloader
