"""UniFormer-S, 8 frames of stride 8, Kinetics-400: paper, Table 12, row 3D, 8×1×4.

Expected on Kinetics-400 val: top-1 78.4, top-5 93.3. 21.4 M parameters, 70 G FLOPs for 4 clips.

    mim train mmaction2 configs/video/uniformer_s_8x8_k400.py

Drop path 0.1 in paper and code. 100 epochs from the code, 110 in the paper.
"""

_base_ = ['../_base_/video/recognizer_uniformer.py', '../_base_/video/k400_8x8.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'
lr = 4e-4

model = dict(
    backbone=dict(drop_path_rate=0.1, init_cfg=dict(type='Pretrained', checkpoint=weights))
)
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
param_scheduler[1].update(end=100, T_max=90)
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=128)
