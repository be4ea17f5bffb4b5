"""Top-down heatmaps at 448x320, UniFormer-B, global attention: paper, Table 8.

Expected on COCO val2017: AP 77.4, AP50 91.1, AR 82.5. 53.5 M parameters, 29.6 G FLOPs.

    mim train mmpose configs/pose/td_hm_uniformer_b_448x320.py

Follows the released code where it differs from the paper: drop path 0.55 (paper 0.5). Learning rate
0.0005 from the code. The published run used half precision with dynamic loss scaling: add `--amp`
on a GPU.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_448x320.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        drop_path_rate=0.55,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
auto_scale_lr = dict(base_batch_size=256)
