"""UniFormer-S, divided space-time attention, 16 frames of stride 4, Kinetics-400: paper, Table 11.

Expected on Kinetics-400 val: top-1 80.1. 36.8 G FLOPs for one view.

    mim train mmaction2 configs/video/uniformer_s_abl_divided_16x4_k400.py

Temporal attention is trained from scratch.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_16x4.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='divided',
        drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
