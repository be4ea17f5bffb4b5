"""UniFormer-S on ImageNet-1k, global blocks in stage 4 only: paper, Table 10.

Expected on ImageNet val: top-1 82.5, where uniformer_s_in1k has 82.9. 22.2 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_lllg_in1k.py

The paper does not print the depths; these give the printed parameters, and the printed FLOPs on
videos.
"""

_base_ = './uniformer_s_in1k.py'

arch = dict(_delete_=True, stage_types=['local', 'local', 'local', 'global'], depths=(3, 5, 10, 3))
model = dict(backbone=dict(arch=arch))
