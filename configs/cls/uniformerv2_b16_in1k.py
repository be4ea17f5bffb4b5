"""UniFormerV2-B/16 on ImageNet-1k, fine-tuned from CLIP. No published number.

Shows that the network works on images: each is a clip of one frame, which the four global UniBlocks
read like any clip.

    mim train mmpretrain configs/cls/uniformerv2_b16_in1k.py

Neither paper nor code has such a run; the recipe is one for CLIP's plain ViT-B/16.
"""

_base_ = ['../_base_/cls/uniformerv2_cls.py', '../_base_/cls/imagenet_uniformerv2_50e.py']
weights = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/'
    'vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'
)

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
