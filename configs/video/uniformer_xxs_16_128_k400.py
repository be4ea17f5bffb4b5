"""UniFormer-XXS, 16 frames of 128 pixels, Kinetics-400: README of the authors only.

No published number in the paper; expected on Kinetics-400 val: top-1 73.3 with 4.2 G FLOPs, of one
clip and one crop.

    mim train mmaction2 configs/video/uniformer_xxs_16_128_k400.py

Settings from the code. The initial weights are the authors'; see the README in this folder, also
for the role of the second classifier.
"""

_base_ = ['../_base_/video/recognizer_uniformer_light.py', '../_base_/video/k400_sparse_128.py']
weights = 'checkpoints/uniformer_xxs_128_in1k.pth'
lr = 8e-4

init_cfg = dict(type='Pretrained', checkpoint=weights)
model = dict(backbone=dict(drop_path_rate=0.05, init_cfg=init_cfg))
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
