"""Mask R-CNN 1x, light UniFormer-XXS, BatchNorms frozen. No published number.

The authors note that freezing should work better but that they forgot it: their numbers are for
trained BatchNorms. The statistics stay those of ImageNet; scale and shift are still trained.

    mim train mmdet configs/det/mask_rcnn_uniformer_xxs_1x_frozenbn.py
"""

_base_ = './mask_rcnn_uniformer_xxs_1x.py'

model = dict(backbone=dict(norm_eval=True))
