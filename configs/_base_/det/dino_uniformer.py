"""DINO with four scales and a UniFormer backbone; the rest is mmdet's model, data and schedule."""

_base_ = 'mmdet::dino/dino-4scale_r50_8xb2-12e_coco.py'
custom_imports = dict(imports=['mmuniformer'], allow_failed_imports=False)

model = dict(
    backbone=dict(
        _delete_=True,
        type='UniFormer',
        arch='small',
        attention='hybrid',
        window_size=14,
        out_indices=(1, 2, 3),
        out_norm='layer',
        # As for the ResNet of mmdet's DINO.
        norm_eval=True,
    ),
    neck=dict(in_channels=[128, 320, 512]),
)
auto_scale_lr = dict(enable=False)
default_hooks = dict(checkpoint=dict(type='AtomicCheckpointHook'))
