"""Mask R-CNN on the last layer of UniFormerV2, with a pyramid as in ViTDet (arXiv 2203.16527).

The rest is mmdet's model. It pads images to multiples of 32, and so of the patch size 16.
"""

_base_ = 'mmdet::_base_/models/mask-rcnn_r50_fpn.py'

model = dict(
    # CLIP's mean and standard deviation.
    data_preprocessor=dict(mean=[122.771, 116.746, 104.094], std=[68.501, 66.632, 70.323]),
    backbone=dict(_delete_=True, type='UniFormerV2', arch='b16', out_indices=(11,)),
    neck=dict(_delete_=True, type='SimplePyramid', in_channels=768, out_channels=256, num_outs=5),
)
