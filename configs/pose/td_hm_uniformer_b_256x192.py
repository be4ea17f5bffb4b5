"""Top-down heatmaps at 256x192, UniFormer-B, global attention: paper, Table 8.

Expected on COCO val2017: AP 75.0, AP50 90.6, AR 80.4. 53.5 M parameters, 9.2 G FLOPs.

    mim train mmpose configs/pose/td_hm_uniformer_b_256x192.py

Follows the released code where it differs from the paper: drop path 0.4 (paper 0.5) and batch 1024
(paper 256). Learning rate 0.002 from the code. The published run used half precision with dynamic
loss scaling: add `--amp` on a GPU.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_256x192.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        drop_path_rate=0.4,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
