"""UniFormer-S† on ImageNet-1k: paper, Table 2.

Expected on ImageNet val: top-1 83.4. 24.0 M parameters, 4.2 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_s_plus_in1k.py

Overlapping patches and more blocks. From the code: heads of 32 channels. Drop path 0.1 and learning
rate 0.001 as for S.
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/imagenet_300e.py']

model = dict(backbone=dict(arch='small_plus', drop_path_rate=0.1))
