"""UniFormer-S, local blocks everywhere, 16 frames, Something-Something V1, from ImageNet: paper,
Table 11.

Expected on Something-Something V1 val: top-1 49.2, top-5 77.4. 26.1 G FLOPs for one crop, as
tested.

    mim train mmaction2 configs/video/uniformer_s_abl_llll_16_ssv1_in1k_pre.py

Trained as uniformer_s_16_ssv1_k400_pre. The initial weights were never released; see the README in
this folder.
"""

_base_ = ['../_base_/video/recognizer_uniformer_ssv.py', '../_base_/video/ssv1_16.py']
weights = 'checkpoints/uniformer_s_abl_llll_3483_in1k.pth'

model = dict(
    backbone=dict(
        arch=dict(_delete_=True, stage_types=['local'] * 4),
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    )
)
test_pipeline = _base_.test_pipeline
test_pipeline[3]['type'] = 'CenterCrop'
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
