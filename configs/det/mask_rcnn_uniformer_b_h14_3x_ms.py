"""Mask R-CNN 3x multi-scale, UniFormer-B, hybrid, window 14: paper, Table 5.

Expected on COCO val2017: box AP 50.3, mask AP 44.8. 69 M parameters, 399 G FLOPs at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_b_h14_3x_ms.py

Drop path 0.3 in paper and code. From the code (not stated in the paper): activation checkpointing
of the 20 blocks of stage 3.
The published run used mixed precision (Apex O1): add `--amp` on a GPU.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_3x_ms.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        drop_path_rate=0.3,
        with_cp=(0, 0, 20, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
