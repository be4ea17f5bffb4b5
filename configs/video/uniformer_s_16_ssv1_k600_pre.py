"""UniFormer-S, 16 frames, Something-Something V1, from Kinetics-600: paper, Table 4, row 16×3×1.

Expected on Something-Something V1 val: top-1 57.6, top-5 84.9. 21.3 M parameters, 125 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_s_16_ssv1_k600_pre.py

Drop path 0.2 from the code, 0.3 in the paper. 60 epochs from the code, 50 in the paper. The initial
weights are the authors'; see the README in this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'checkpoints/uniformer_small_k600_16x4.pth'

model = dict(
    backbone=dict(drop_path_rate=0.2, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
