"""Mask R-CNN 1x, UniFormer-S, attention in windows of 14: paper, Table 15, row W-14.

Expected on COCO val2017: box AP 45.0, mask AP 40.8. 250 G FLOPs at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_s_w14_1x.py

No weights of this row were released; everything but the attention is as for h14.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_1x.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='window',
        drop_path_rate=0.2,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
