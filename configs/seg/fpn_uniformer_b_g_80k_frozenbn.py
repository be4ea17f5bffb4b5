"""Semantic FPN, UniFormer-B, global, BatchNorms frozen.

The authors note for their detectors that freezing should work better but that they forgot it: the
numbers in Tables 7 and 16 are for trained BatchNorms. Expected: no published number for this
variant. The statistics stay those of ImageNet; scale and shift are still trained.

    mim train mmseg configs/seg/fpn_uniformer_b_g_80k_frozenbn.py
"""

_base_ = './fpn_uniformer_b_g_80k.py'

model = dict(backbone=dict(norm_eval=True))
