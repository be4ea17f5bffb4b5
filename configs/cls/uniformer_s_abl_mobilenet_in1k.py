"""UniFormer-S on ImageNet-1k, MobileNet blocks instead of local blocks with FFN: paper, Table 10.

Expected on ImageNet val: top-1 82.6, where uniformer_s_in1k has 82.9. 21.3 M parameters.

    mim train mmpretrain configs/cls/uniformer_s_abl_mobilenet_in1k.py

Expansion 3, BN and GELU; DPE is kept, as described in Sec. 5.6.
"""

_base_ = './uniformer_s_in1k.py'

model = dict(backbone=dict(arch=dict(_delete_=True, local_ffn=False)))
