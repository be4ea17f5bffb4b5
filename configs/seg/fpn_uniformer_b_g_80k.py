"""Semantic FPN, UniFormer-B, global: paper, Tables 7 and 16, row G.

Expected on ADE20K val: mIoU 48.0. 54 M parameters, 471 G FLOPs at 512×2048.

    mim train mmseg configs/seg/fpn_uniformer_b_g_80k.py

Drop path 0.2 in paper and code.
"""

_base_ = ['../_base_/seg/fpn_uniformer.py', '../_base_/seg/ade20k_80k.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
