"""Frozen UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-400, from CLIP: Table Kinetics-400 of
the authors' model zoo, row 8×1×3.

Expected on Kinetics-400 val: top-1 86.7. 354.4 M parameters, 50.9 M of them trained, 1567 G FLOPs a
view, 4701 G for 3 clips of 1 crop.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k400_frozen.py

Settings from the code. Batch 512 on 16 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_frozen.py', '../_base_/video/v2_frozen.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-large-p14-res336_clip-rgb_20221219-d370f9e5.pth'

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
