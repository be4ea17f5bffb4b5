"""UniFormer-S, heads of 64 channels with token labels: README of the release, Table of models.

Expected on ImageNet val: top-1 83.4. 22.1 M parameters, 3.6 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_s_dim64_tl_in1k.py

Learning rate 0.0016 in paper and code, drop path 0.1 as without token labels. From the code: heads
of 64 channels. Make the label maps first with mmuniformer make-label-maps.
"""

_base_ = ['../_base_/cls/uniformer_tl.py', '../_base_/cls/imagenet_tl_310e.py']

model = dict(backbone=dict(arch='small', drop_path_rate=0.1))
