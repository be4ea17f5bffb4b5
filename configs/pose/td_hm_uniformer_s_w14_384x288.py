"""Top-down heatmaps at 384x288, UniFormer-S, windows of 14: paper, Table 17, row W-14.

Expected on COCO val2017: AP 76.1, AP50 90.8, AR 81.1. 25.2 M parameters, 12.3 G FLOPs: more than
with global attention, because 24×18 tokens are padded to 28×28.

    mim train mmpose configs/pose/td_hm_uniformer_s_w14_384x288.py

No weights of this row were released; everything but the attention is as for global attention.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_384x288.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='window',
        window_size=14,
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
