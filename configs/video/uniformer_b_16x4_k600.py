"""UniFormer-B, 16 frames of stride 4, Kinetics-600: paper, Tables 3 and 13, row 16×1×4, stride 4.

Expected on Kinetics-600 val: top-1 84.0, top-5 96.4. 49.9 M parameters, 387 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_16x4_k600.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2.
"""

_base_ = ['../_base_/video/recognizer_uniformer_k600.py', '../_base_/video/k600_16x4.py']
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
