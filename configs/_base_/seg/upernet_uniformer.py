"""UPerNet with a UniFormer backbone and an auxiliary head on stage 3 (paper, Sec. 5.4)."""

_base_ = 'mmseg::_base_/models/upernet_r50.py'

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
    decode_head=dict(in_channels=[64, 128, 320, 512], num_classes=150),
    auxiliary_head=dict(in_channels=320, num_classes=150),
)
