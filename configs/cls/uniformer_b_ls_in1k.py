"""UniFormer-B with layer scale on ImageNet-1k: README of the release, Table of models.

Expected on ImageNet val: top-1 83.9. 49.8 M parameters, 8.3 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_b_ls_in1k.py

From the code: layer scale of 1e-6 in stages 3 and 4. Drop path 0.3 and learning rate 0.0008 as for
B.
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/imagenet_300e.py']

model = dict(backbone=dict(arch='base_ls', drop_path_rate=0.3))
optim_wrapper = dict(optimizer=dict(lr=8e-4))
