"""UniFormer-S, without DPE, 16 frames of stride 4, Kinetics-400, 50 epochs: paper, Table 10.

Expected on Kinetics-400 val: top-1 77.6, where uniformer_s_16x4_k400_50e has 79.3. 41.4 G FLOPs for
one view.

    mim train mmaction2 configs/video/uniformer_s_abl_nodpe_16x4_k400_50e.py

Tested on four clips; the paper does not say on how many. Nobody released the file to start from;
see the README beside this file.
"""

_base_ = './uniformer_s_16x4_k400_50e.py'
weights = 'checkpoints/uniformer_s_abl_nodpe_in1k.pth'

arch = dict(_delete_=True, dpe=False)
model = dict(backbone=dict(arch=arch, init_cfg=dict(checkpoint=weights)))
