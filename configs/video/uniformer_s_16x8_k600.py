"""UniFormer-S, 16 frames of stride 8, Kinetics-600: paper, Table 13, row 16×1×4, stride 8.

Expected on Kinetics-600 val: top-1 82.7, top-5 95.7. 21.5 M parameters, 167 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_16x8_k600.py

Drop path 0.1 in paper and code.
"""

_base_ = ['../_base_/video/recognizer_uniformer_k600.py', '../_base_/video/k600_16x8.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(drop_path_rate=0.1, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
