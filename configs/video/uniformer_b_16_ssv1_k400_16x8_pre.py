"""UniFormer-B, 16 frames, Something-Something V1, from 16×8 on Kinetics-400: paper, Table 14,
multi-crop.

Expected on Something-Something V1 val: top-1 58.8, top-5 86.2. 49.7 M parameters, 290 G FLOPs for 3
crops.

    mim train mmaction2 configs/video/uniformer_b_16_ssv1_k400_16x8_pre.py

Drop path 0.6 in paper and code. 60 epochs from the code, 50 in the paper. The initial weights are
the authors'; see the README in this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'checkpoints/uniformer_base_k400_16x8.pth'
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
