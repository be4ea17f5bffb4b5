"""Semantic FPN, UniFormer-B, hybrid, window 14, BatchNorms frozen.

The authors remark for their detectors that freezing should be better and that they forgot it: the
numbers of Table 16 are for trained BatchNorms. Expected: no published number for this form.
Statistics stay those of ImageNet, scale and shift are still learnt.

    mim train mmseg configs/seg/fpn_uniformer_b_h14_80k_frozenbn.py
"""

_base_ = './fpn_uniformer_b_h14_80k.py'

model = dict(backbone=dict(norm_eval=True))
