"""UPerNet, UniFormer-B, hybrid, window 14: paper, Table 16, row H-14.

Expected on ADE20K val: mIoU 48.9, 50.0 at several scales (`--tta`). 80 M parameters, 1085 G FLOPs
at 512×2048.

    mim train mmseg configs/seg/upernet_uniformer_b_h14_160k.py

Drop path 0.4 in paper and code. From the code (not stated in the paper): activation checkpointing
of the first two blocks of stage 3. The published config sets no window size and uses the code's
default, 14.
"""

_base_ = ['../_base_/seg/upernet_uniformer.py', '../_base_/seg/ade20k_160k.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        attention='hybrid',
        window_size=14,
        drop_path_rate=0.4,
        with_cp=(0, 0, 2, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
