"""UniFormer-S, global blocks everywhere, 16 frames of stride 4, Kinetics-400, 50 epochs: paper,
Table 10.

Expected on Kinetics-400 val: top-1 75.3, where uniformer_s_16x4_k400_50e has 79.3. 72.0 G FLOPs for
one view.

    mim train mmaction2 configs/video/uniformer_s_abl_gggg_16x4_k400_50e.py

Tested on four clips; the paper does not say how many. Depths are those of the image classifier. The
initial weights were never released; see the README in this folder.
"""

_base_ = './uniformer_s_16x4_k400_50e.py'
weights = 'checkpoints/uniformer_s_abl_gggg_in1k.pth'

arch = dict(_delete_=True, stage_types=['global'] * 4, depths=(5, 5, 9, 2), kv_strides=(4, 2, 2, 1))
model = dict(backbone=dict(arch=arch, init_cfg=dict(checkpoint=weights)))
