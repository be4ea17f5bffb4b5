"""COCO keypoints at 448x320: heatmaps at a quarter of the resolution, sigma of 3 pixels."""

_base_ = './coco_210e.py'

codec = dict(type='MSRAHeatmap', input_size=(320, 448), heatmap_size=(80, 112), sigma=3)
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
pack = dict(type='PackPoseInputs')
target = dict(type='GenerateTarget', encoder=codec)
train_dataloader = dict(dataset=dict(pipeline=[*_base_.train_transforms, crop, target, pack]))
val_dataloader = dict(dataset=dict(pipeline=[*_base_.val_transforms, crop, pack]))
test_dataloader = val_dataloader
