"""Semantic FPN, UniFormer-B, hybrid, window 14: paper, Table 16, row H-14.

Expected on ADE20K val: mIoU 47.0. 54 M parameters, 328 G FLOPs at 512×2048.

    mim train mmseg configs/seg/fpn_uniformer_b_h14_80k.py

Drop path 0.2 in paper and code. The published config sets no window size and uses the code's
default, 14.
"""

_base_ = ['../_base_/seg/fpn_uniformer.py', '../_base_/seg/ade20k_80k.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        attention='hybrid',
        window_size=14,
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
