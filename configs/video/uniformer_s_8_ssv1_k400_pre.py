"""UniFormer-S, 8 frames, Something-Something V1, from 8×8 on Kinetics-400: paper, Table 12, row
8×3×1, 3D.

Expected on Something-Something V1 val: top-1 51.5, top-5 79.5, with 3 crops.

    mim train mmaction2 configs/video/uniformer_s_8_ssv1_k400_pre.py

Trained as uniformer_s_16_ssv1_k400_pre. The initial weights are the authors'; see the README in
this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_8.py']
weights = 'checkpoints/uniformer_small_k400_8x8.pth'

model = dict(
    backbone=dict(drop_path_rate=0.2, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
