"""COCO keypoints at 384x288: heatmaps at a quarter of the resolution, sigma of 3 pixels."""

_base_ = './coco_210e.py'

codec = dict(type='MSRAHeatmap', input_size=(288, 384), heatmap_size=(72, 96), sigma=3)
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
pack = dict(type='PackPoseInputs')
target = dict(type='GenerateTarget', encoder=codec)
train_dataloader = dict(dataset=dict(pipeline=[*_base_.train_transforms, crop, target, pack]))
val_dataloader = dict(dataset=dict(pipeline=[*_base_.val_transforms, crop, pack]))
test_dataloader = val_dataloader
