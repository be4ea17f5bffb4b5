"""Semantic FPN, light UniFormer-XS, BatchNorms frozen. No published number.

The authors note for their detectors that freezing should work better but that they forgot it: their
numbers are for trained BatchNorms. The statistics stay those of ImageNet; scale and shift are still
trained.

    mim train mmseg configs/seg/fpn_uniformer_xs_80k_frozenbn.py
"""

_base_ = './fpn_uniformer_xs_80k.py'

model = dict(backbone=dict(norm_eval=True))
