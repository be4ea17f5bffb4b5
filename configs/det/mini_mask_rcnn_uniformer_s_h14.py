"""Mask R-CNN, UniFormer-S at a quarter of its width, hybrid attention with window 14, mini data.

From scratch on drawn shapes: box AP50 0.80, mask AP50 0.78 on the held-out pictures after 6 minutes
on 2 CPU cores. Blocks, detector and losses are those of mask_rcnn_uniformer_s_h14_1x; widths,
anchors, numbers and sampling of regions, schedule and data are smaller.

    python tools/make_mini_data.py coco
    mim train mmdet configs/det/mini_mask_rcnn_uniformer_s_h14.py --work-dir work_dirs/mini
"""

_base_ = ['../_base_/det/mask_rcnn_uniformer.py', '../_base_/det/coco_1x.py']

classes = dict(
    classes=('circle', 'square', 'triangle', 'star', 'ring', 'cross'),
    palette=[
        (230, 60, 60),
        (60, 120, 240),
        (60, 180, 75),
        (245, 190, 40),
        (160, 80, 220),
        (40, 200, 210),
    ],
)
num_classes = len(classes['classes'])
data_root = 'data/mini/coco/'
scale = (160, 160)
epochs = 9
dims = (16, 32, 80, 128)
width = 64  # of neck and heads, 256 in the full model

# Objects are 30 to 90 pixels wide; with the usual 56 nearly all of them would be read at stride 4.
regions = dict(out_channels=width, finest_scale=28, roi_layer=dict(sampling_ratio=1))
proposals = dict(nms_pre=100, max_per_img=50)
model = dict(
    backbone=dict(arch=dict(_delete_=True, dims=dims, head_dim=16)),
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

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=scale, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
# Loading takes 1 % of the time; without workers it follows the seed, also when training resumes.
in_process = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=4,
    **in_process,
    dataset=dict(data_root=data_root, metainfo=classes, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=4,
    **in_process,
    dataset=dict(data_root=data_root, metainfo=classes, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'annotations/instances_val2017.json')
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=epochs, val_interval=epochs)
optim_wrapper = dict(
    optimizer=dict(lr=2e-3),
    # The box head's linear layers are wide beside the backbone, and get a lower rate.
    paramwise_cfg=dict(custom_keys={'bbox_head': dict(lr_mult=0.1)}),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
auto_scale_lr = dict(base_batch_size=4)

custom_hooks = [dict(type='EpochSeedHook')]
default_hooks = dict(logger=dict(interval=25), checkpoint=dict(interval=1, max_keep_ckpts=2))
randomness = dict(seed=0)
