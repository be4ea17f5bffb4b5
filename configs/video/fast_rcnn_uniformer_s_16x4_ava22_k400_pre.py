"""Fast R-CNN with UniFormer-S, 16 frames of stride 4, AVA 2.2, from Kinetics-400.

No published number: neither paper nor code covers spatio-temporal action detection.

    mim train mmaction2 configs/video/fast_rcnn_uniformer_s_16x4_ava22_k400_pre.py

Settings are those of mmaction2's AVA models trained with AdamW.
"""

_base_ = ['../_base_/video/fast_rcnn_uniformer.py', '../_base_/video/ava22.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037.pth'

model = dict(
    backbone=dict(drop_path_rate=0.2, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
