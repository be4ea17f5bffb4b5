"""Mask R-CNN 1x, light UniFormer-XXS: README of the authors, Table of Mask R-CNN.

Expected on COCO val2017: box AP 42.8, mask AP 39.2. 29.4 M parameters; the FLOPs are not published,
we count 215.2 G at 800×1280.

    mim train mmdet configs/det/mask_rcnn_uniformer_xxs_1x.py

All values are from the code, as the paper has no light models: no drop path, and float32; the
authors saw NaN with mixed precision on ImageNet. The weights are the authors'; see the README in
this folder.
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer_light.py', '../_base_/det/coco_1x.py']
weights = 'checkpoints/uniformer_xxs_224_in1k.pth'

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
