"""Mask R-CNN, UniFormer-XXS at a quarter of its width, mini data.

From scratch on drawn shapes: box AP50 0.83, mask AP50 0.80 on the held-out images after 8 minutes
of CPU time on one core. Blocks, detector and losses are those of mask_rcnn_uniformer_xxs_1x;
widths, anchors, number and sampling of regions, schedule and data are smaller.

    mmuniformer make-mini-data coco
    mim train mmdet configs/det/mini_mask_rcnn_uniformer_xxs.py --work-dir work_dirs/mini
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer_light.py', '../_base_/det/mini_coco.py']

num_classes = len(_base_.classes['classes'])
dims = (14, 28, 56, 112)
width = 64  # neck and heads, 256 in the full model

# Objects are 30 to 90 pixels wide; at the default of 56 nearly all would be pooled at stride 4.
regions = dict(out_channels=width, finest_scale=28, roi_layer=dict(sampling_ratio=1))
proposals = dict(nms_pre=100, max_per_img=50)
model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=dims, head_dim=14)),
    neck=dict(in_channels=list(dims), out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width, anchor_generator=dict(scales=[6])),
    roi_head=dict(
        bbox_roi_extractor=regions,
        bbox_head=dict(in_channels=width, fc_out_channels=256, num_classes=num_classes),
        mask_roi_extractor=regions,
        mask_head=dict(in_channels=width, conv_out_channels=width, num_classes=num_classes),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=128)),
        rpn_proposal=proposals,
        rcnn=dict(sampler=dict(num=16, pos_fraction=0.5)),
    ),
    test_cfg=dict(rpn=proposals, rcnn=dict(max_per_img=30)),
)
# The box head's linear layers are wide compared to the backbone and get a lower rate.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'bbox_head': dict(lr_mult=0.1)}))
