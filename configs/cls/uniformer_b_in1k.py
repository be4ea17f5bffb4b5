"""UniFormer-B on ImageNet-1k: paper, Table 2.

Expected on ImageNet val: top-1 83.9, in the README of the release 83.8. 49.8 M parameters, 8.3 G
FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_b_in1k.py

Drop path 0.3 and learning rate 0.0008 in paper and code. The 50.3 M parameters in Table 1 include
the second classifier of token labeling.
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/imagenet_300e.py']

model = dict(backbone=dict(arch='base', drop_path_rate=0.3))
optim_wrapper = dict(optimizer=dict(lr=8e-4))
