"""UniFormer-XXS on ImageNet-1k at 192×192: README of the release, Table of light models.

Expected on ImageNet val: top-1 79.9. 10.2 M parameters, 0.96 G FLOPs.

    mim train mmpretrain configs/cls/uniformer_xxs_in1k_192.py

All values are from the code, as the paper has no light models. No drop path, AutoAugment, learning
rate 0.0032, weight decay 0.1.
"""

_base_ = ['../_base_/cls/uniformer_light_cls.py', '../_base_/cls/imagenet_600e_autoaug.py']

train_pipeline = [_base_.load, dict(_base_.crop, scale=192), *_base_.augmentations]
resize, center_crop = dict(_base_.resize, scale=219), dict(_base_.center_crop, crop_size=192)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=[_base_.load, resize, center_crop, _base_.pack]))
test_dataloader = val_dataloader
