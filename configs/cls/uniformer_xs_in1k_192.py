"""UniFormer-XS on ImageNet-1k at 192×192: README of the release, Table of light models.

Expected on ImageNet val: top-1 81.5. 16.5 M parameters, 1.4 G FLOPs.

    mim train mmpretrain configs/cls/uniformer_xs_in1k_192.py

All values are from the code, as the paper has no light models. Drop path 0.1, RandAugment, learning
rate 0.004, weight decay 0.05.
"""

_base_ = ['../_base_/cls/uniformer_light_cls.py', '../_base_/cls/imagenet_600e.py']

model = dict(backbone=dict(arch='xs', drop_path_rate=0.1), head=dict(in_channels=512))

train_pipeline = [_base_.load, dict(_base_.crop, scale=192), *_base_.augmentations]
resize, center_crop = dict(_base_.resize, scale=219), dict(_base_.center_crop, crop_size=192)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=[_base_.load, resize, center_crop, _base_.pack]))
test_dataloader = val_dataloader
