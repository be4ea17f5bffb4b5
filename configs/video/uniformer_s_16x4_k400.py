"""UniFormer-S, 16 frames of stride 4, Kinetics-400: paper, Tables 3, 11 and 13, row
16×1×4, stride 4.

Expected on Kinetics-400 val: top-1 80.8, top-5 94.7. 21.4 M parameters, 167 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_16x4_k400.py

Drop path 0.1 in paper and code.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_16x4.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(drop_path_rate=0.1, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
