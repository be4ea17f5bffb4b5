"""UniFormer-XXS on ImageNet-1k at 224×224: README of the release, Table of light models.

Expected on ImageNet val: top-1 80.6. 10.2 M parameters, 1.3 G FLOPs.

    mim train mmpretrain configs/cls/uniformer_xxs_in1k_224.py

All values are from the code, as the paper has no light models. No drop path, AutoAugment, learning
rate 0.0032, weight decay 0.1.
"""

_base_ = ['../_base_/cls/uniformer_light_cls.py', '../_base_/cls/imagenet_600e_autoaug.py']
