"""Semantic FPN with a UniFormer backbone (paper, Sec. 5.4 and Table 7)."""

_base_ = 'mmseg::_base_/models/fpn_r50.py'

model = dict(
    data_preprocessor=dict(size=(512, 512)),
    pretrained=None,
    backbone=dict(
        _delete_=True,
        type='UniFormer',
        arch='small',
        attention='global',
        out_indices=(0, 1, 2, 3),
        out_norm='layer',
        # BatchNorms are trained on the few images of one GPU and not synchronized.
        norm_eval=False,
    ),
    neck=dict(in_channels=[64, 128, 320, 512]),
    decode_head=dict(num_classes=150),
)
