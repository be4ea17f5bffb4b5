"""UniFormer-S, without DPE, 16 frames of stride 4, Kinetics-400, 50 epochs: paper, Table 10.

Expected on Kinetics-400 val: top-1 77.6, where uniformer_s_16x4_k400_50e has 79.3. 41.4 G FLOPs for
one view.

    mim train mmaction2 configs/video/uniformer_s_abl_nodpe_16x4_k400_50e.py

Tested on four clips; the paper does not say how many. The initial weights were never released; see
the README in this folder.
"""

_base_ = './uniformer_s_16x4_k400_50e.py'
weights = 'checkpoints/uniformer_s_abl_nodpe_in1k.pth'

arch = dict(_delete_=True, dpe=False)
model = dict(backbone=dict(arch=arch, init_cfg=dict(checkpoint=weights)))
