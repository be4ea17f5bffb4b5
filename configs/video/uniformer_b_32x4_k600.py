"""UniFormer-B, 32 frames of stride 4, Kinetics-600: paper, Table 3, row 32×1×4, stride 4.

Expected on Kinetics-600 val: top-1 84.8, top-5 96.7. 49.9 M parameters, 1036 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_b_32x4_k600.py

Drop path 0.3 from the code; the paper says twice that of S, 0.2. Batch 128 on 32 GPUs. The authors'
README says 84.5, reached with little tuning.
"""

_base_ = ['../_base_/video/recognizer_uniformer_k600.py', '../_base_/video/k600_32x4.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'
lr = 4e-4

model = dict(
    backbone=dict(
        arch='base', drop_path_rate=0.3, init_cfg=dict(type='Pretrained', checkpoint=weights)
    )
)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
auto_scale_lr = dict(base_batch_size=128)
