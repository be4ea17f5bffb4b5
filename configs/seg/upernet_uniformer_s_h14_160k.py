"""UPerNet, UniFormer-S, hybrid, window 14: paper, Table 16, row H-14.

Expected on ADE20K val: mIoU 46.9, 48.0 at several scales (`--tta`). 52 M parameters, 947 G FLOPs at
512×2048.

    mim train mmseg configs/seg/upernet_uniformer_s_h14_160k.py

Drop path 0.25 in paper and code. The published config sets no window size and uses the code's
default, 14.
"""

_base_ = ['../_base_/seg/upernet_uniformer.py', '../_base_/seg/ade20k_160k.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='hybrid',
        window_size=14,
        drop_path_rate=0.25,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
