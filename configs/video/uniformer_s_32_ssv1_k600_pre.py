"""UniFormer-S, 32 frames, Something-Something V1, from Kinetics-600: README of the authors only.

No published number in the paper; expected on Something-Something V1 val: top-1 59.9.
21.3 M parameters, 329 G FLOPs for 3 crops.

    mim train mmaction2 configs/video/uniformer_s_32_ssv1_k600_pre.py

Drop path 0.3 in paper and code. 60 epochs from the code, 50 in the paper. The initial weights are
the authors'; see the README in this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_32.py']
weights = 'checkpoints/uniformer_small_k600_16x4.pth'

model = dict(
    backbone=dict(drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
