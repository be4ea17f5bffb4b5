"""DINO with four scales, 12 epochs, UniFormer-S, hybrid, window 14. No published number.

Shows that the backbone works with a transformer detector: mmdet's DINO and its recipe, in which the
backbone learns at a tenth of the rate.

    mim train mmdet configs/det/dino_uniformer_s_h14_1x.py
"""

_base_ = '../_base_/det/dino_uniformer.py'
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        with_cp=(0, 0, 8, 0),
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
