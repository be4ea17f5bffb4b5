"""Top-down heatmaps at 256x192, UniFormerV2-B/16, started from CLIP. No published number.

Shows that the backbone works with a pose head: an image is one frame of 16×12 patches, and every
layer attends globally. Head and optimizer are those of ViTPose-B, data and schedule those of
td_hm_uniformer_b_256x192.

    mim train mmpose configs/pose/td_hm_uniformerv2_b16_256x192.py
"""

_base_ = [
    '../_base_/pose/td_hm_uniformerv2.py',
    '../_base_/pose/coco_210e_256x192_uniformerv2.py',
]
weights = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/'
    'vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'
)

model = dict(
    backbone=dict(drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights)),
    head=dict(decoder=_base_.codec),
)
