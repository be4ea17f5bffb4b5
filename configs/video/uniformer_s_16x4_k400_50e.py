"""UniFormer-S, 16 frames of stride 4, Kinetics-400, 50 epochs: paper, Table 10, first row.

Expected on Kinetics-400 val: top-1 79.3. 41.8 G FLOPs for one view.

    mim train mmaction2 configs/video/uniformer_s_16x4_k400_50e.py

Tested on four clips; the paper does not say how many.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_16x4_50e.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(drop_path_rate=0.1, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
