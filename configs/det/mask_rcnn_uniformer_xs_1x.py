"""Mask R-CNN 1x, light UniFormer-XS: README of the authors, Table of Mask R-CNN.

Expected on COCO val2017: box AP 44.6, mask AP 40.9. 35.6 M parameters; the FLOPs are not published,
we count 233.1 G at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_xs_1x.py

All values are from the code, as the paper has no light models: drop path 0.15, and float32; the
authors saw NaN with mixed precision on ImageNet. The weights are the authors'; see the README in
this folder.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer_light.py', '../_base_/det/coco_1x.py']
weights = 'checkpoints/uniformer_xs_224_in1k.pth'

model = dict(
    backbone=dict(
        arch='xs',
        drop_path_rate=0.15,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    neck=dict(in_channels=[64, 128, 256, 512]),
)
