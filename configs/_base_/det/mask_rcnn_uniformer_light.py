"""Mask R-CNN with a light UniFormer backbone: mmdet's model, another backbone."""

_base_ = 'mmdet::_base_/models/mask-rcnn_r50_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='UniFormerLight',
        arch='xxs',
        out_indices=(0, 1, 2, 3),
        out_norm='layer',
        # The BatchNorms are trained, with the few pictures of one GPU and not synchronised.
        norm_eval=False,
    ),
    neck=dict(in_channels=[56, 112, 224, 448]),
)
