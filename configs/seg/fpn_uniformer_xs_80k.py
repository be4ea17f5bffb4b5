"""Semantic FPN, light UniFormer-XS: README of the authors, Table of Semantic FPN.

Expected on ADE20K val: mIoU 44.4. 19.7 M parameters; the FLOPs are not published, we count 150.9 G
at 512×2048.

    mim train mmseg configs/seg/fpn_uniformer_xs_80k.py

All values are from the code, as the paper has no light models: drop path 0.1. The weights are the
authors'; see the README in this folder.
"""

_base_ = ['../_base_/seg/fpn_uniformer_light.py', '../_base_/seg/ade20k_80k.py']
weights = 'checkpoints/uniformer_xs_224_in1k.pth'

model = dict(
    backbone=dict(
        arch='xs',
        drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    neck=dict(in_channels=[64, 128, 256, 512]),
)
