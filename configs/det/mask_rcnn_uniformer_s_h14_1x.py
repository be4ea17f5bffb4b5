"""Mask R-CNN 1x, UniFormer-S, hybrid attention with window 14: paper, Table 15, row H-14.

Expected on COCO val2017: box AP 45.6, mask AP 41.6 (official README); the paper prints 45.4 and
41.4. 41 M parameters, 269 G FLOPs at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_s_h14_1x.py

Follows the released code where it differs from the paper: drop path 0.2 (paper 0.1). From the code
(not stated in the paper): activation checkpointing of the 8 blocks of stage 3.
The published run used mixed precision (Apex O1): add `--amp` on a GPU.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_1x.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
