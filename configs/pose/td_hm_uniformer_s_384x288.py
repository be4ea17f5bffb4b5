"""Top-down heatmaps at 384x288, UniFormer-S, global attention: paper, Tables 8 and 17, row G.

Expected on COCO val2017: AP 75.9, AP50 90.6, AR 81.4. 25.2 M parameters, 11.1 G FLOPs.

    mim train mmpose configs/pose/td_hm_uniformer_s_384x288.py

Drop path 0.2 and batch 1024 in paper and code. Learning rate 0.002 from the code. mmpose measured
AR 81.0 with the released weights. The published run used half precision with dynamic loss scaling:
add `--amp` on a GPU.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_384x288.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
