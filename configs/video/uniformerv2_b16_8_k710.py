"""UniFormerV2-B/16, 8 frames, Kinetics-710, from CLIP: the authors' model zoo.

No published number: the model is the starting point of others. 114.8 M parameters, 148.1 G FLOPs a
view, 1777 G for 4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_k710.py

Settings from the code. Batch 256 on 8 GPUs. 4 clips of 3 crops from the script.
mmuniformer make-k710 writes the lists. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer.py', '../_base_/video/v2_kinetics.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-base-p16-res224_clip-rgb_20221219-b8a5da86.pth'

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=710),
)
train_dataloader = dict(dataset=_base_.k710_train)
val_dataloader = dict(dataset=_base_.k710_val)
test_dataloader = dict(dataset=_base_.k710_val)
