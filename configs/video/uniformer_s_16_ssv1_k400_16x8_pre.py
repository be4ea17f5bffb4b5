"""UniFormer-S, 16 frames, Something-Something V1, from 16×8 on Kinetics-400: paper, Table 14,
multi-crop.

Expected on Something-Something V1 val: top-1 57.3, top-5 84.6. 21.3 M parameters, 125 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_s_16_ssv1_k400_16x8_pre.py

Drop path 0.2 from the code, 0.3 in the paper. 60 epochs from the code, 50 in the paper. The initial
weights are the authors'; see the README in this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'checkpoints/uniformer_small_k400_16x8.pth'

model = dict(
    backbone=dict(drop_path_rate=0.2, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
