"""UniFormerV2-L/14, 8 frames, Kinetics-710, from CLIP: the authors' model zoo.

No published number: the model is the starting point of others. 354.4 M parameters, 665.6 G FLOPs a
view, 7988 G for 4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_8_k710.py

Settings from the code. Batch 512 on 32 GPUs. 4 clips of 3 crops from the script.
mmuniformer make-k710 writes the lists. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_l14.py', '../_base_/video/v2_kinetics.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-large-p14-res224_clip-rgb_20221219-9de7543e.pth'
epochs = 40

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=710),
)
train_dataloader = dict(batch_size=16, dataset=_base_.k710_train)
val_dataloader = dict(dataset=_base_.k710_val)
test_dataloader = dict(dataset=_base_.k710_val)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=epochs, T_max=epochs - _base_.warmup)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=512)
