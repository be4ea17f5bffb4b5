"""Cascade Mask R-CNN, UniFormer-S at a quarter of its width, hybrid, window 14, mini data.

From scratch on drawn shapes: box AP50 0.79, mask AP50 0.77 on the held-out images after 6 minutes
on one core of a busy machine. Blocks, detector and losses are those of
cascade_mask_rcnn_uniformer_s_h14_3x_ms; widths, anchors, number and sampling of regions, schedule
and data are smaller.

    mmuniformer make-mini-data coco
    mim train mmdet configs/det/mini_cascade_mask_rcnn_uniformer_s_h14.py --work-dir work_dirs/mini
"""

_base_ = ['../_base_/det/cascade_mask_rcnn_uniformer.py', '../_base_/det/mini_coco.py']

num_classes = len(_base_.classes['classes'])
dims = (16, 32, 80, 128)
width = 32  # neck and heads, 256 in the full model

regions = dict(out_channels=width, finest_scale=28, roi_layer=dict(sampling_ratio=1))
proposals = dict(nms_pre=100, max_per_img=50)
box_heads = _base_.model.roi_head.bbox_head
for head in box_heads:
    head.update(
        num_shared_convs=2,
        in_channels=width,
        conv_out_channels=width,
        fc_out_channels=256,
        num_classes=num_classes,
    )
stages = _base_.model.train_cfg.rcnn
for stage in stages:
    stage['sampler'].update(num=16, pos_fraction=0.5)
model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=dims, head_dim=16)),
    neck=dict(in_channels=list(dims), out_channels=width),
    rpn_head=dict(in_channels=width, feat_channels=width, anchor_generator=dict(scales=[6])),
    roi_head=dict(
        bbox_roi_extractor=regions,
        bbox_head=box_heads,
        mask_roi_extractor=regions,
        mask_head=dict(
            num_convs=2, in_channels=width, conv_out_channels=width, num_classes=num_classes
        ),
    ),
    train_cfg=dict(rpn=dict(sampler=dict(num=128)), rpn_proposal=proposals, rcnn=stages),
    test_cfg=dict(rpn=proposals, rcnn=dict(max_per_img=30)),
)
epochs = 6
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
