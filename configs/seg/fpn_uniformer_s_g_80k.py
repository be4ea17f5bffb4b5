"""Semantic FPN, UniFormer-S, global: paper, Tables 7 and 16, row G.

Expected on ADE20K val: mIoU 46.6. 25 M parameters, 247 G FLOPs at 512×2048.

    mim train mmseg configs/seg/fpn_uniformer_s_g_80k.py

Drop path 0.1 in paper and code.
"""

_base_ = ['../_base_/seg/fpn_uniformer.py', '../_base_/seg/ade20k_80k.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
