"""UPerNet, UniFormerV2-B/16, started from CLIP. No published number.

Shows that the backbone works with a segmentation head: an image is one frame, and every layer
attends globally. Neck, head and recipe are those of mmseg's MAE ViT-B/16.

    mim train mmseg configs/seg/upernet_uniformerv2_b16_160k.py
"""

_base_ = ['../_base_/seg/upernet_uniformerv2.py', '../_base_/seg/ade20k_160k_uniformerv2.py']
weights = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/'
    'vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'
)

model = dict(
    backbone=dict(
        drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
