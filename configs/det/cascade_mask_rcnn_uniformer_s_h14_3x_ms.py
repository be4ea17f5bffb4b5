"""Cascade Mask R-CNN 3x multi-scale, UniFormer-S, hybrid, window 14: paper, Table 6.

Expected on COCO val2017: box AP 52.1, mask AP 45.2. 79 M parameters, 747 G FLOPs at 800×1280.

    mim train mmdet configs/det/cascade_mask_rcnn_uniformer_s_h14_3x_ms.py

Drop path 0.2 in paper and code. From the code (not stated in the paper): activation checkpointing
of the 8 blocks of stage 3.
The published run used mixed precision (Apex O1): add `--amp` on a GPU.
"""

_base_ = ['../_base_/det/cascade_mask_rcnn_uniformer.py', '../_base_/det/coco_3x_ms.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
