"""UniFormer-XXS, 32 frames of 160 pixels, Kinetics-400: README of the authors only.

No published number in the paper; expected on Kinetics-400 val: top-1 77.9 with 15.4 G FLOPs, of one
clip and one crop.

    mim train mmaction2 configs/video/uniformer_xxs_32_160_k400.py

Settings from the code. The initial weights are the authors'; see the README in this folder, also
for the role of the second classifier.
"""

_base_ = ['../_base_/video/recognizer_uniformer_light.py', '../_base_/video/k400_sparse.py']
weights = 'checkpoints/uniformer_xxs_160_in1k.pth'
lr = 8e-4

init_cfg = dict(type='Pretrained', checkpoint=weights)
model = dict(backbone=dict(drop_path_rate=0.05, init_cfg=init_cfg))
train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
train_pipeline[1]['clip_len'] = test_pipeline[1]['clip_len'] = 32
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
