"""UniFormer-S, 16 frames, Something-Something V1, from Kinetics-400: paper, Tables 4 and 14, row
16×3×1.

Expected on Something-Something V1 val: top-1 57.2, top-5 84.9. 21.3 M parameters, 125 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_s_16_ssv1_k400_pre.py

Drop path 0.2 from the code, 0.3 in the paper. 60 epochs from the code, 50 in the paper.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037.pth'

model = dict(
    backbone=dict(drop_path_rate=0.2, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
