"""UniFormerV2-B/16, 8 frames, Moments in Time V1, from Kinetics-710 and Kinetics-400: Table Moments
in Time V1 of the authors' model zoo, row 8×3×4.

Expected on Moments in Time V1 val: top-1 42.6. 114.5 M parameters, 148.1 G FLOPs a view, 1777 G for
4 clips of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_b16_8_mit_k710_pre.py

Settings from the code. Batch 512 on 16 GPUs. Starts from the 8-frame Kinetics-400 model, without
its classifier.
"""

_base_ = ['../_base_/video/v2_recognizer.py', '../_base_/video/v2_mit.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/uniformerv2-base-p16-res224_clip-kinetics710-pre_8xb32-u8_kinetics400-rgb/uniformerv2-base-p16-res224_clip-kinetics710-pre_8xb32-u8_kinetics400-rgb_20230313-75be0806.pth'
epochs, lr = 24, 2e-5

model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)),
    cls_head=dict(num_classes=339),
)
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = param_scheduler[1]['eta_min_ratio'] = 1e-6 / lr
param_scheduler[1].update(end=epochs, T_max=epochs - _base_.warmup)
train_cfg = dict(max_epochs=epochs)
