"""Mask R-CNN 1x, UniFormer-B, hybrid attention with window 14: paper, Table 5.

Expected on COCO val2017: box AP 47.4, mask AP 43.1. 69 M parameters, 399 G FLOPs at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_b_h14_1x.py

Drop path 0.3 in paper and code. The code recomputes no activations here.
The published run used mixed precision (Apex O1): add `--amp` on a GPU.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_1x.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        drop_path_rate=0.3,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
