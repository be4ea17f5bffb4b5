"""UniFormer-B, 32 frames of stride 4, Kinetics-400: paper, Table 3, row 32×1×4, stride 4.

Expected on Kinetics-400 val: top-1 82.9, top-5 95.4. 49.8 M parameters, 1036 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_32x4_k400.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_32x4.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
