"""Semantic FPN, UniFormer-B, trained global, tested in windows of 32: Table 16, row W-32.

Expected on ADE20K val: mIoU 47.2. 54 M parameters, 310 G FLOPs at 512×2048.

    mim test mmseg configs/seg/fpn_uniformer_b_g_80k_test_w32.py --checkpoint CHECKPOINT

CHECKPOINT is that of fpn_uniformer_b_g_80k: window, hybrid and global blocks have the same
parameters. The official README prints mIoU 47.0.
"""

_base_ = './fpn_uniformer_b_g_80k.py'

model = dict(backbone=dict(attention='window', window_size=32))
