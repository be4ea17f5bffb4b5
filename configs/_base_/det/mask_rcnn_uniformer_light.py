"""Mask R-CNN with a light UniFormer backbone; the rest is mmdet's model."""

_base_ = 'mmdet::_base_/models/mask-rcnn_r50_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='UniFormerLight',
        arch='xxs',
        out_indices=(0, 1, 2, 3),
        out_norm='layer',
        # BatchNorms are trained on the few images of one GPU and not synchronized.
        norm_eval=False,
    ),
    neck=dict(in_channels=[56, 112, 224, 448]),
)
