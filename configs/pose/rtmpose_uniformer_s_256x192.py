"""RTMPose with UniFormer-S at 256x192: SimCC instead of heatmaps. No published number.

Shows that the backbone works with any mmpose head: head, labels and loss are those of RTMPose, the
schedule is that of td_hm_uniformer_s_256x192, with RTMPose's exceptions from weight decay.

    mim train mmpose configs/pose/rtmpose_uniformer_s_256x192.py
"""

_base_ = ['../_base_/pose/rtmpose_uniformer.py', '../_base_/pose/coco_210e_256x192_simcc.py']
weights = 'https://download.openmmlab.com/mmpose/v1/projects/uniformer/uniformer_small_in1k.pth'

model = dict(
    backbone=dict(
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    head=dict(decoder=_base_.codec),
)
optim_wrapper = dict(paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0))
