"""UniFormerV2-L/14, 16 frames, Something-Something V1, from CLIP: Table Something-Something V1 of
the authors' model zoo, row 16×3×1.

Expected on Something-Something V1 val: top-1 60.5. 573.9 M parameters, 858.2 G FLOPs a view, 2575 G
for 1 clip of 3 crops.

    mim train mmaction2 configs/video/uniformerv2_l14_16_ssv1.py

Settings from the code. Batch 128 on 16 GPUs. Activations of the first 15 layers are recomputed in
the backward pass. Starts from CLIP's ViT as published by mmaction2.
"""

_base_ = ['../_base_/video/v2_recognizer_ssv_l14.py', '../_base_/video/v2_ssv1_16.py']
weights = 'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv2/clipVisualEncoder/vit-large-p14-res224_clip-rgb_20221219-9de7543e.pth'
lr = 2e-5

model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=weights)))
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = param_scheduler[1]['eta_min_ratio'] = 1e-6 / lr
