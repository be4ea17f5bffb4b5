"""UniFormer-XXS, 4 frames of 160 pixels, Kinetics-400: README of the authors only.

No published number in the paper; expected on Kinetics-400 val: top-1 65.8 with 1.6 G FLOPs, of one
clip and one crop.

    mim train mmaction2 configs/video/uniformer_xxs_4_160_k400.py

Settings from the code. With layer scale 0.1. The initial weights are the authors'; see the README
in this folder, also for the role of the second classifier.
"""

_base_ = ['../_base_/video/recognizer_uniformer_light.py', '../_base_/video/k400_sparse.py']
weights = 'checkpoints/uniformer_xxs_160_in1k.pth'

init_cfg = dict(type='Pretrained', checkpoint=weights)
model = dict(backbone=dict(arch='xxs_ls', drop_path_rate=0.05, init_cfg=init_cfg))
train_pipeline, test_pipeline = _base_.train_pipeline, _base_.test_pipeline
train_pipeline[1]['clip_len'] = test_pipeline[1]['clip_len'] = 4
train_pipeline[3:5] = [_base_.strong] * 2
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
