"""UniFormer-S, local blocks everywhere, 16 frames of stride 4, Kinetics-400, 50 epochs: paper,
Table 10.

Expected on Kinetics-400 val: top-1 77.2, where uniformer_s_16x4_k400_50e has 79.3. 31.6 G FLOPs for
one view.

    mim train mmaction2 configs/video/uniformer_s_abl_llll_16x4_k400_50e.py

Tested on four clips; the paper does not say how many. Depths are those of the image classifier. The
initial weights were never released; see the README in this folder.
"""

_base_ = './uniformer_s_16x4_k400_50e.py'
weights = 'checkpoints/uniformer_s_abl_llll_in1k.pth'

arch = dict(_delete_=True, stage_types=['local'] * 4, depths=(3, 5, 10, 4))
model = dict(backbone=dict(arch=arch, init_cfg=dict(checkpoint=weights)))
