"""Frozen UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-700, from CLIP: Table Kinetics-700 of
the authors' model zoo, row 8×1×3.

Expected on Kinetics-700 val: top-1 79.6. 354.7 M parameters, 51.2 M of them trained, 1567 G FLOPs a
view, 4701 G for 3 clips of 1 crop.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k700_frozen.py

Settings from the code. Batch 512 on 16 GPUs. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_frozen.py', '../_base_/video/v2_frozen.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-large-p14-res336_clip-rgb_20221219-d370f9e5.pth'

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=700),
)
train_dataloader = dict(dataset=_base_.k700_train)
val_dataloader = dict(dataset=_base_.k700_val)
test_dataloader = dict(dataset=_base_.k700_val)
