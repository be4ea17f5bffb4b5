"""UniFormer-XS on ImageNet-1k at 224×224: README of the release, Table of light models.

Expected on ImageNet val: top-1 82.0. 16.5 M parameters, 2.0 G FLOPs.

    mim train mmpretrain configs/cls/uniformer_xs_in1k_224.py

All values are from the code, as the paper has no light models. Drop path 0.1, RandAugment, learning
rate 0.004, weight decay 0.05.
"""

_base_ = ['../_base_/cls/uniformer_light_cls.py', '../_base_/cls/imagenet_600e.py']

model = dict(backbone=dict(arch='xs', drop_path_rate=0.1), head=dict(in_channels=512))
