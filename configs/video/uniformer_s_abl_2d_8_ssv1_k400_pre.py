"""UniFormer-S, 2D filters after the stem, 8 frames, Something-Something V1, from 8×8 on
Kinetics-400: paper, Table 12, row 8×3×1, 2D.

Expected on Something-Something V1 val: top-1 51.3, top-5 79.4, with 3 crops.

    mim train mmaction2 configs/video/uniformer_s_abl_2d_8_ssv1_k400_pre.py

Trained as uniformer_s_16_ssv1_k400_pre. The initial weights were never released; see the README in
this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_8.py']
weights = 'checkpoints/uniformer_s_abl_2d_8x8_k400.pth'

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, inflated=[]),
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
