"""UniFormerV2-L/14 at 336 pixels, 8 frames, Kinetics-710, from CLIP: the authors' model zoo.

No published number: the model is the starting point of others. 354.7 M parameters, 1567 G FLOPs a
view, 18804 G for 4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_336_8_k710.py

Settings from the code. Batch 256 on 32 GPUs. 4 clips of 3 crops from the script.
mmuniformer make-k710 writes the lists. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_l14.py', '../_base_/video/v2_kinetics_336.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-large-p14-res336_clip-rgb_20221219-d370f9e5.pth'
epochs, lr = 40, 5e-6

model = dict(
    backbone=dict(arch='l14_336', init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=710),
)
train_dataloader = dict(batch_size=8, dataset=_base_.k710_train)
val_dataloader = dict(dataset=_base_.k710_val)
test_dataloader = dict(dataset=_base_.k710_val)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = param_scheduler[1]['eta_min_ratio'] = 1e-6 / lr
param_scheduler[1].update(end=epochs, T_max=epochs - _base_.warmup)
train_cfg = dict(max_epochs=epochs)
