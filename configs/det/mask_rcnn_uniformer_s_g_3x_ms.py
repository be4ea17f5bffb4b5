"""Mask R-CNN 3x multi-scale, UniFormer-S, global attention: paper, Table 15, row G.

Expected on COCO val2017: box AP 48.1, mask AP 43.4. 326 G FLOPs at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_s_g_3x_ms.py

No weights of this row were released; everything but the attention is as for h14.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_3x_ms.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='global',
        drop_path_rate=0.1,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
