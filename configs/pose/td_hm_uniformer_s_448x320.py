"""Top-down heatmaps at 448x320, UniFormer-S, global attention: paper, Table 8.

Expected on COCO val2017: AP 76.2, AP50 90.6, AR 81.4. 25.2 M parameters, 14.8 G FLOPs.

    mim train mmpose configs/pose/td_hm_uniformer_s_448x320.py

Follows the released code where it differs from the paper: batch 512 (paper 1024). Learning rate
0.001 from the code. The published run used half precision with dynamic loss scaling: add `--amp` on
a GPU.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_448x320.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
train_dataloader = dict(batch_size=64)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
auto_scale_lr = dict(base_batch_size=512)
