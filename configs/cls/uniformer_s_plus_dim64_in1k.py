"""UniFormer-S† with heads of 64 channels on ImageNet-1k: README of the release, Table of models.

Expected on ImageNet val: top-1 83.4. 24.0 M parameters, 4.2 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_s_plus_dim64_in1k.py

As uniformer_s_plus_in1k otherwise, and with parameters of the same shapes: weights of the one load
into the other and fail without an error.
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/imagenet_300e.py']

model = dict(backbone=dict(arch='small_plus_dim64', drop_path_rate=0.1))
