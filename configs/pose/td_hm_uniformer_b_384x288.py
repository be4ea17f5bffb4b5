"""Top-down heatmaps at 384x288, UniFormer-B, global attention: paper, Table 8.

Expected on COCO val2017: AP 76.7, AP50 90.8, AR 81.4. 53.5 M parameters, 22.1 G FLOPs.

    mim train mmpose configs/pose/td_hm_uniformer_b_384x288.py

Drop path 0.5 and batch 256 in paper and code. Learning rate 0.0005 from the code. The official
README prints 14.8 G FLOPs here, those of S at 448x320. mmpose measured AR 81.9 with the released
weights. The published run used half precision with dynamic loss scaling: add `--amp` on a GPU.
"""

_base_ = ['../_base_/pose/td_hm_uniformer.py', '../_base_/pose/coco_210e_384x288.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_base_in1k.pth'

model = dict(
    backbone=dict(
        arch='base',
        drop_path_rate=0.5,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
train_dataloader = dict(batch_size=32)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
auto_scale_lr = dict(base_batch_size=256)
