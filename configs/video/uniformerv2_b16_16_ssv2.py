"""UniFormerV2-B/16, 16 frames, Something-Something V2, from CLIP: Table Something-Something V2 of
the authors' model zoo, row 16×3×1.

Expected on Something-Something V2 val: top-1 69.5. 163.0 M parameters, 187.2 G FLOPs a view, 562 G
for 1 clip of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_16_ssv2.py

Settings from the code. Batch 128 on 8 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_ssv.py', '../_base_/video/v2_ssv2_16.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
