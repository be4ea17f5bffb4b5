"""UniFormer-S, 16 frames, Something-Something V2, from Kinetics-600: paper, Table 4, row 16×3×1.

Expected on Something-Something V2 val: top-1 69.4, top-5 92.1. 21.3 M parameters, 125 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_s_16_ssv2_k600_pre.py

Drop path 0.3 in paper and code. The initial weights are the authors'; see the README in this
folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv2_16.py']
weights = 'checkpoints/uniformer_small_k600_16x4.pth'

model = dict(
    backbone=dict(drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
