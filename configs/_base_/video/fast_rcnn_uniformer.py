"""UniFormer with mmaction2's Fast R-CNN for action detection on precomputed person boxes.

RoIs are pooled from the backbone's last map, averaged over time; a box may have several classes.
"""

model = dict(
    type='FastRCNN',
    _scope_='mmdet',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[114.75, 114.75, 114.75],  # 0.45 of 255
        std=[57.375, 57.375, 57.375],  # 0.225 of 255
        format_shape='NCTHW',
    ),
    # A tuple of one map (B, 512, T / 2, H / 32, W / 32), after the BatchNorm of the classifiers.
    backbone=dict(
        type='mmuniformer.UniFormer3D', arch='small', attention='joint', out_indices=(3,)
    ),
    roi_head=dict(
        type='AVARoIHead',
        bbox_roi_extractor=dict(
            type='SingleRoIExtractor3D', roi_layer_type='RoIAlign', featmap_stride=32,
            output_size=8, with_temporal_pool=True,
        ),
        bbox_head=dict(
            type='BBoxHeadAVA', background_class=True, in_channels=512, num_classes=81,
            multilabel=True, dropout_ratio=0.5,
        ),
    ),
    train_cfg=dict(
        rcnn=dict(
            assigner=dict(
                type='MaxIoUAssignerAVA', pos_iou_thr=0.9, neg_iou_thr=0.9, min_pos_iou=0.9
            ),
            sampler=dict(
                type='RandomSampler', num=32, pos_fraction=1, neg_pos_ub=-1,
                add_gt_as_proposals=True,
            ),
            pos_weight=1.0,
        )
    ),
    test_cfg=dict(rcnn=None),
)  # fmt: skip
