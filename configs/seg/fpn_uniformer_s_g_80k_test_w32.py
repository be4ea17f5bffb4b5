"""Semantic FPN, UniFormer-S, trained global, tested in windows of 32: Table 16, row W-32.

Expected on ADE20K val: mIoU 45.2. 25 M parameters, 183 G FLOPs at 512×2048.

    mim test mmseg configs/seg/fpn_uniformer_s_g_80k_test_w32.py --checkpoint CHECKPOINT

CHECKPOINT is that of fpn_uniformer_s_g_80k: window, hybrid and global blocks have the same
parameters. The official README prints mIoU 45.6.
"""

_base_ = './fpn_uniformer_s_g_80k.py'

model = dict(backbone=dict(attention='window', window_size=32))
