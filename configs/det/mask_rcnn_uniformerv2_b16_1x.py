"""Mask R-CNN 1x, UniFormerV2-B/16, started from CLIP. No published number.

Shows that the backbone works with a detector: an image is one frame, every layer attends globally,
and the pyramid is built from the last layer's map. Schedule of mask_rcnn_uniformer_b_h14_1x.

    mim train mmdet configs/det/mask_rcnn_uniformerv2_b16_1x.py
"""

_base_ = ['../_base_/det/mask_rcnn_uniformerv2.py', '../_base_/det/coco_1x_uniformerv2.py']
weights = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/'
    'vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'
)

model = dict(
    backbone=dict(
        drop_path_rate=0.1,
        with_cp=True,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
