"""Frozen UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-710, from CLIP: the authors' model zoo.

No published number: the model is the starting point of others. 354.7 M parameters, 51.2 M of them
trained, 1567 G FLOPs a view, 4701 G for 3 clips of 1 crop.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k710_frozen.py

Settings from the code. Batch 512 on 32 GPUs. 3 clips of 1 crop from the script.
mmuniformer make-k710 writes the lists. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_frozen.py', '../_base_/video/v2_frozen.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-large-p14-res336_clip-rgb_20221219-d370f9e5.pth'

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=710),
)
train_dataloader = dict(batch_size=16, dataset=_base_.k710_train)
val_dataloader = dict(dataset=_base_.k710_val)
test_dataloader = dict(dataset=_base_.k710_val)
