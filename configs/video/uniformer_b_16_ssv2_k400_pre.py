"""UniFormer-B, 16 frames, Something-Something V2, from Kinetics-400: paper, Table 4, row 16×3×1.

Expected on Something-Something V2 val: top-1 70.4, top-5 92.8. 49.7 M parameters, 290 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_16_ssv2_k400_pre.py

Drop path 0.4 from the code, 0.6 in the paper.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv2_16.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/uniformer-base_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-157c2e66.pth'
lr = 2.5e-4

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.4, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
train_dataloader = dict(batch_size=5)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
auto_scale_lr = dict(base_batch_size=40)
