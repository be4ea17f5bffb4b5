"""Semantic FPN, UniFormer-S at a quarter of its width, hybrid, window 14, mini data.

From scratch on drawn landscapes: mIoU 0.76 on the held-out images after 4 minutes on a CPU core.
Blocks, neck, head and loss are those of fpn_uniformer_s_h14_80k; widths, schedule and data are
smaller.

    mmuniformer make-mini-data ade20k
    mim train mmseg configs/seg/mini_fpn_uniformer_s_h14.py --work-dir work_dirs/mini_fpn
"""

_base_ = ['../_base_/seg/fpn_uniformer.py', '../_base_/seg/mini_ade.py']

dims = (16, 32, 80, 128)
width = 64  # neck and head, 256 and 128 in the full model
model = dict(
    data_preprocessor=dict(size=_base_.crop),
    backbone=dict(
        arch=dict(_delete_=True, dims=dims, head_dim=16), attention='hybrid', window_size=14
    ),
    neck=dict(in_channels=list(dims), out_channels=width),
    decode_head=dict(
        in_channels=[width] * 4, channels=width, num_classes=len(_base_.classes['classes'])
    ),
)
