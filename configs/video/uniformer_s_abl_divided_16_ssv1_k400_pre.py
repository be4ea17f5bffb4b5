"""UniFormer-S, divided space-time attention, 16 frames, Something-Something V1, from Kinetics-400:
paper, Table 11.

Expected on Something-Something V1 val: top-1 51.8, top-5 80.1. 36.8 G FLOPs for one crop, as
tested.

    mim train mmaction2 configs/video/uniformer_s_abl_divided_16_ssv1_k400_pre.py

Trained as uniformer_s_16_ssv1_k400_pre. The initial weights were never released; see the README in
this folder.
"""

_base_ = './uniformer_s_abl_divided_16_ssv1_in1k_pre.py'
weights = 'checkpoints/uniformer_s_abl_divided_16x4_k400.pth'

model = dict(backbone=dict(init_cfg=dict(checkpoint=weights)))
