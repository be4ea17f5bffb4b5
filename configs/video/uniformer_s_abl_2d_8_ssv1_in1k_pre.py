"""UniFormer-S, 2D filters after the stem, 8 frames, Something-Something V1, from ImageNet: paper,
Table 12, row 8×3×1, 2D.

Expected on Something-Something V1 val: top-1 51.4, top-5 79.6, with 3 crops.

    mim train mmaction2 configs/video/uniformer_s_abl_2d_8_ssv1_in1k_pre.py

Trained as uniformer_s_16_ssv1_k400_pre.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_8.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, inflated=[]),
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
