"""UniFormer-B, 16 frames of stride 8, Kinetics-400: paper, Table 13, row 16×1×4, stride 8.

Expected on Kinetics-400 val: top-1 81.7, top-5 94.8. 49.8 M parameters, 387 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_16x8_k400.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_16x8.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'
lr = 1.25e-4

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
train_dataloader = dict(batch_size=5)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
auto_scale_lr = dict(base_batch_size=40)
