"""Cascade Mask R-CNN with a UniFormer backbone (paper, Table 6).

The box heads are those of the published runs: four convolutions with SyncBN followed by one layer,
class-specific boxes, GIoU on decoded boxes.
"""

_base_ = 'mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py'


def box_head(stds):
    return dict(
        type='ConvFCBBoxHead',
        num_shared_convs=4,
        num_shared_fcs=1,
        in_channels=256,
        conv_out_channels=256,
        fc_out_channels=1024,
        roi_feat_size=7,
        num_classes=80,
        bbox_coder=dict(
            type='DeltaXYWHBBoxCoder', target_means=[0.0, 0.0, 0.0, 0.0], target_stds=stds
        ),
        reg_class_agnostic=False,
        reg_decoded_bbox=True,
        norm_cfg=dict(type='SyncBN', requires_grad=True),
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
        loss_bbox=dict(type='GIoULoss', loss_weight=10.0),
    )


model = dict(
    backbone=dict(
        _delete_=True,
        type='UniFormer',
        arch='small',
        attention='hybrid',
        window_size=14,
        out_indices=(0, 1, 2, 3),
        out_norm='layer',
        # BatchNorms are trained on the few images of one GPU and not synchronized.
        norm_eval=False,
    ),
    neck=dict(in_channels=[64, 128, 320, 512]),
    roi_head=dict(
        bbox_head=[
            box_head([0.1, 0.1, 0.2, 0.2]),
            box_head([0.05, 0.05, 0.1, 0.1]),
            box_head([0.033, 0.033, 0.067, 0.067]),
        ]
    ),
)
del box_head
