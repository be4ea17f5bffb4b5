"""UPerNet, UniFormer-B, trained global, tested hybrid, window 32: Tables 9 and 16, row H-32.

Expected on ADE20K val: mIoU 49.5, 50.7 at several scales (`--tta`). 80 M parameters, 1106 G FLOPs
at 512×2048.

    mim test mmseg configs/seg/upernet_uniformer_b_g_160k_test_h32.py --checkpoint CHECKPOINT

CHECKPOINT is that of upernet_uniformer_b_g_160k: window, hybrid and global blocks have the same
parameters.
"""

_base_ = './upernet_uniformer_b_g_160k.py'

model = dict(backbone=dict(attention='hybrid', window_size=32))
