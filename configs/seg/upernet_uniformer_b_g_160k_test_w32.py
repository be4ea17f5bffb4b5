"""UPerNet, UniFormer-B, trained global, tested in windows of 32: Table 16, row W-32.

Expected on ADE20K val: mIoU 49.1, 50.6 at several scales (`--tta`). 80 M parameters, 1066 G FLOPs
at 512×2048.

    mim test mmseg configs/seg/upernet_uniformer_b_g_160k_test_w32.py --checkpoint CHECKPOINT

CHECKPOINT is that of upernet_uniformer_b_g_160k: window, hybrid and global blocks have the same
parameters.
"""

_base_ = './upernet_uniformer_b_g_160k.py'

model = dict(backbone=dict(attention='window', window_size=32))
