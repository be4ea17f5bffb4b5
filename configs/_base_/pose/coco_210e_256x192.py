"""COCO keypoints at 256x192: heatmaps at a quarter of the resolution, sigma of 2 pixels."""

_base_ = './coco_210e.py'

codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
pack = dict(type='PackPoseInputs')
target = dict(type='GenerateTarget', encoder=codec)
train_dataloader = dict(dataset=dict(pipeline=[*_base_.train_transforms, crop, target, pack]))
val_dataloader = dict(dataset=dict(pipeline=[*_base_.val_transforms, crop, pack]))
test_dataloader = val_dataloader
