"""UniFormerV2-B/16, 32 frames, Something-Something V1, from CLIP: Table Something-Something V1 of
the authors' model zoo, row 32×3×1.

Expected on Something-Something V1 val: top-1 59.4. 163.0 M parameters, 374.4 G FLOPs a view, 1123 G
for 1 clip of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_32_ssv1.py

Settings from the code. Batch 128 on 16 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_ssv.py', '../_base_/video/v2_ssv1_32.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
train_dataloader = dict(batch_size=16)
