"""UniFormer-S, 32 frames, Something-Something V2, from Kinetics-400: README of the authors only.

No published number in the paper; expected on Something-Something V2 val: top-1 69.0.
21.3 M parameters, 329 G FLOPs for 3 crops.

    mim train mmaction2 configs/video/uniformer_s_32_ssv2_k400_pre.py

Drop path 0.3 in paper and code.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv2_32.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037.pth'

model = dict(
    backbone=dict(drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
