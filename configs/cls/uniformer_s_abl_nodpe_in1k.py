"""UniFormer-S on ImageNet-1k, no DPE: paper, Table 10.

Expected on ImageNet val: top-1 82.4, where uniformer_s_in1k has 82.9. 21.5 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_nodpe_in1k.py
"""

_base_ = './uniformer_s_in1k.py'

model = dict(backbone=dict(arch=dict(_delete_=True, dpe=False)))
