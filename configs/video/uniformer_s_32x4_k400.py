"""UniFormer-S, 32 frames of stride 4, Kinetics-400: paper, Table 13, row 32×1×4, stride 4.

Expected on Kinetics-400 val: top-1 82.0, top-5 95.1. 21.4 M parameters, 438 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_32x4_k400.py

Drop path 0.1 in paper and code. No weights were released.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_32x4.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(drop_path_rate=0.1, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
