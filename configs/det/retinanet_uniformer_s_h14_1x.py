"""RetinaNet 1x, UniFormer-S, hybrid, window 14. No published number.

Shows that the backbone works with a one-stage detector: mmdet's RetinaNet, with the optimizer,
schedule and drop path of mask_rcnn_uniformer_s_h14_1x.

    mim train mmdet configs/det/retinanet_uniformer_s_h14_1x.py
"""

_base_ = ['../_base_/det/retinanet_uniformer.py', '../_base_/det/coco_boxes_1x.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
