"""UniFormer-S† with heads of 64 channels on ImageNet-1k: README of the release, Table of models.

Expected on ImageNet val: top-1 83.4. 24.0 M parameters, 4.2 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_s_plus_dim64_in1k.py

Otherwise the same as uniformer_s_plus_in1k, down to the shapes of the parameters: the weights of
one load into the other without an error and give wrong results.
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/imagenet_300e.py']

model = dict(backbone=dict(arch='small_plus_dim64', drop_path_rate=0.1))
