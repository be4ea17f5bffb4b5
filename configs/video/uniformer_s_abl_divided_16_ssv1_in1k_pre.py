"""UniFormer-S, divided space-time attention, 16 frames, Something-Something V1, from ImageNet:
paper, Table 11.

Expected on Something-Something V1 val: top-1 51.9, top-5 80.1. 36.8 G FLOPs for one crop, as
tested.

    mim train mmaction2 configs/video/uniformer_s_abl_divided_16_ssv1_in1k_pre.py

Trained as uniformer_s_16_ssv1_k400_pre.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        attention='divided',
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
test_pipeline = _base_.test_pipeline
test_pipeline[3]['type'] = 'CenterCrop'
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
