"""UPerNet, UniFormer-S, global: paper, Tables 9 and 16, row G.

Expected on ADE20K val: mIoU 47.6, 48.5 at several scales (`--tta`). 52 M parameters, 1004 G FLOPs
at 512×2048.

    mim train mmseg configs/seg/upernet_uniformer_s_g_160k.py

Drop path 0.25 in paper and code.
"""

_base_ = ['../_base_/seg/upernet_uniformer.py', '../_base_/seg/ade20k_160k.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.25,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
