"""RetinaNet with a UniFormer backbone; the rest is mmdet's model."""

_base_ = 'mmdet::_base_/models/retinanet_r50_fpn.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='UniFormer',
        arch='small',
        attention='hybrid',
        window_size=14,
        out_indices=(1, 2, 3),
        out_norm='layer',
        norm_eval=False,
    ),
    neck=dict(in_channels=[128, 320, 512], start_level=0),
)
