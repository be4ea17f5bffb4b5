"""UniFormer-S on ImageNet-1k, local neighborhoods of 3×3: paper, Table 10.

Expected on ImageNet val: top-1 82.8, where uniformer_s_in1k has 82.9. 21.5 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_k3_in1k.py
"""

_base_ = './uniformer_s_in1k.py'

model = dict(backbone=dict(arch=dict(_delete_=True, local_kernel=3)))
