"""UniFormer-B, 16 frames, Something-Something V1, from Kinetics-400: paper, Tables 4 and 14, row
16×3×1.

Expected on Something-Something V1 val: top-1 59.1, top-5 86.2. 49.7 M parameters, 290 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_16_ssv1_k400_pre.py

Drop path 0.6 in paper and code. 60 epochs from the code, 50 in the paper.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-base_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-157c2e66.pth'
lr = 2.5e-4

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.6, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
train_dataloader = dict(batch_size=10)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
auto_scale_lr = dict(base_batch_size=80)
