"""UniFormer-S on ImageNet-1k, local blocks everywhere: paper, Table 10.

Expected on ImageNet val: top-1 81.9, where uniformer_s_in1k has 82.9. 23.3 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_llll_in1k.py

The paper does not print the depths; these give the printed parameters, and the printed FLOPs on
videos.
"""

_base_ = './uniformer_s_in1k.py'

arch = dict(_delete_=True, stage_types=['local', 'local', 'local', 'local'], depths=(3, 5, 10, 4))
model = dict(backbone=dict(arch=arch))
