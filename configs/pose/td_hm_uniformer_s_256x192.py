"""Top-down heatmaps at 256x192, UniFormer-S, global attention: paper, Table 8.

Expected on COCO val2017: AP 74.0, AP50 90.3, AR 79.5. 25.2 M parameters, 4.7 G FLOPs.

    mim train mmpose configs/pose/td_hm_uniformer_s_256x192.py

Drop path 0.2 and batch 1024 in paper and code. Learning rate 0.002 from the code. The published run
used half precision with dynamic loss scaling: add `--amp` on a GPU.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_256x192.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
