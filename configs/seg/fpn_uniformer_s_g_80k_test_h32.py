"""Semantic FPN, UniFormer-S, trained global, tested hybrid, window 32: Tables 7 and 16, row H-32.

Expected on ADE20K val: mIoU 46.2. 25 M parameters, 199 G FLOPs at 512×2048.

    mim test mmseg configs/seg/fpn_uniformer_s_g_80k_test_h32.py --checkpoint CHECKPOINT

CHECKPOINT is that of fpn_uniformer_s_g_80k: window, hybrid and global blocks have the same
parameters.
"""

_base_ = './fpn_uniformer_s_g_80k.py'

model = dict(backbone=dict(attention='hybrid', window_size=32))
