"""UniFormer-S, 32 frames, Something-Something V2, from Kinetics-600: README of the authors only.

No published number in the paper; expected on Something-Something V2 val: top-1 70.4.
21.3 M parameters, 329 G FLOPs for 3 crops.

    mim train mmaction2 configs/video/uniformer_s_32_ssv2_k600_pre.py

Drop path 0.3 in paper and code. The initial weights are the authors'; see the README in this
folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv2_32.py']
weights = 'checkpoints/uniformer_small_k600_16x4.pth'

model = dict(
    backbone=dict(drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
