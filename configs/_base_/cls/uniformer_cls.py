"""UniFormer classifier: BatchNorm, global average pooling and a linear layer (Sec. 4.1).

Mixup or cutmix in every batch with equal probability, label smoothing 0.1, as in DeiT.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='UniFormer',
        arch='small',
        attention='global',
        out_indices=3,
        out_norm='batch',
    ),
    head=dict(
        type='UniFormerClsHead',
        num_classes=1000,
        in_channels=512,
        loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'),
    ),
    train_cfg=dict(augments=[dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)]),
)
