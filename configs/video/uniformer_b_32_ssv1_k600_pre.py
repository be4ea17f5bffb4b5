"""UniFormer-B, 32 frames, Something-Something V1, from Kinetics-600: paper, Table 4, row 32×3×1.

Expected on Something-Something V1 val: top-1 61.0, top-5 87.6. 49.7 M parameters, 777 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_32_ssv1_k600_pre.py

Drop path 0.6 in paper and code. 60 epochs from the code, 50 in the paper. The initial weights are
the authors'; see the README in this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_32.py']
weights = 'checkpoints/uniformer_base_k600_16x4.pth'

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.6, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
