"""UniFormer-B, 16 frames of stride 8, Kinetics-600: paper, Table 13, row 16×1×4, stride 8.

Expected on Kinetics-600 val: top-1 83.4, top-5 96.0. 49.9 M parameters, 387 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_16x8_k600.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2. Batch 32 with the learning rate of
40, as in the code.
"""

_base_ = ['../_base_/video/recognizer_uniformer_k600.py', '../_base_/video/k600_16x8.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'
lr = 1.25e-4

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
