"""UniFormer-S, local neighborhoods of 9, 16 frames of stride 4, Kinetics-400, 50 epochs: paper,
Table 10.

Expected on Kinetics-400 val: top-1 78.9, where uniformer_s_16x4_k400_50e has 79.3. 46.6 G FLOPs for
one view.

    mim train mmaction2 configs/video/uniformer_s_abl_k9_16x4_k400_50e.py

Tested on four clips; the paper does not say how many. The initial weights were never released; see
the README in this folder.
"""

_base_ = './uniformer_s_16x4_k400_50e.py'
weights = 'checkpoints/uniformer_s_abl_k9_in1k.pth'

arch = dict(_delete_=True, local_kernel=9)
model = dict(backbone=dict(arch=arch, init_cfg=dict(checkpoint=weights)))
