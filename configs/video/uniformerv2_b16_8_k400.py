"""UniFormerV2-B/16, 8 frames, Kinetics-400, from CLIP: Table Kinetics-400 of the authors' model
zoo, row 8×3×4.

Expected on Kinetics-400 val: top-1 84.4. 114.6 M parameters, 148.1 G FLOPs a view, 1777 G for 4
clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_k400.py

Settings from the code. Batch 256 on 8 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer.py', '../_base_/video/v2_kinetics.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
