"""Mask R-CNN 3x multi-scale, UniFormer-S, global attention, BatchNorms frozen.

The authors note that freezing should work better but that they forgot it: the numbers in Table 15
are for trained BatchNorms. Expected: no published number for this variant. The statistics stay
those of ImageNet; scale and shift are still trained.

    mim train mmdet configs/det/mask_rcnn_uniformer_s_g_3x_ms_frozenbn.py
"""

_base_ = './mask_rcnn_uniformer_s_g_3x_ms.py'

model = dict(backbone=dict(norm_eval=True))
