"""UniFormer-B, 32 frames, Something-Something V2, from Kinetics-400: paper, Table 4, row 32×3×1.

Expected on Something-Something V2 val: top-1 71.2, top-5 92.8. 49.7 M parameters, 777 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_32_ssv2_k400_pre.py

Drop path 0.5 from the code, 0.6 in the paper. The authors' README says 71.1.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv2_32.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-base_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-157c2e66.pth'

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.5, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
