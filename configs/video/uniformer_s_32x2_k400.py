"""UniFormer-S, 32 frames of stride 2, Kinetics-400: paper, Table 13, row 32×1×4, stride 2.

Expected on Kinetics-400 val: top-1 81.2, top-5 94.7. 21.4 M parameters, 438.4 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_32x2_k400.py

Its settings were not published; these are those of uniformer_s_32x4_k400.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_32x2.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(drop_path_rate=0.1, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
