"""UniFormer-S† with token labels: paper, Table 2.

Expected on ImageNet val: top-1 83.9. 24.5 M parameters, 4.2 G FLOPs at 224×224.

    mim train mmpretrain configs/cls/uniformer_s_plus_tl_in1k.py

Learning rate 0.0016 in paper and code, drop path 0.1 as without token labels. From the code: heads
of 32 channels. Make the label maps first with mmuniformer make-label-maps.
"""

_base_ = ['../_base_/cls/uniformer_tl.py', '../_base_/cls/imagenet_tl_310e.py']

model = dict(backbone=dict(arch='small_plus', drop_path_rate=0.1))
