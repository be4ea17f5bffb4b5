"""Mask R-CNN 1x, UniFormer-S, global attention: paper, Table 15, row G.

Expected on COCO val2017: box AP 45.8, mask AP 41.5. 326 G FLOPs at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_s_g_1x.py

No weights of this row were released; everything but the attention is as for h14.
Table 15 prints a mask AP50 of 50.5 in this row, clearly a misprint.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_1x.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='global',
        drop_path_rate=0.2,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
