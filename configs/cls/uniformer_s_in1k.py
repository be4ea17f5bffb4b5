"""UniFormer-S on ImageNet-1k: paper, Table 2.

Expected on ImageNet val: top-1 82.9. 21.5 M parameters, 3.6 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_s_in1k.py

Drop path 0.1 and learning rate 0.001 in paper and code. Baseline of the ablations in Table 10.
"""

_base_ = ['../_base_/cls/uniformer_cls.py', '../_base_/cls/imagenet_300e.py']

model = dict(backbone=dict(arch='small', drop_path_rate=0.1))
