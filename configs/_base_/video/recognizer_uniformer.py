"""UniFormer for video with a linear classifier (paper, Sec. 4.2), trained on mixed clips.

Mixup or CutMix in every step, label smoothing 0.1, no dropout. Views are averaged before the
softmax, as published.
"""

num_classes = 400
model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[114.75, 114.75, 114.75],  # 0.45 of 255
        std=[57.375, 57.375, 57.375],  # 0.225 of 255
        format_shape='NCTHW',
        blending=dict(
            type='RandomBatchAugment',
            augments=[
                dict(type='MixupBlending', alpha=0.8, num_classes=num_classes),
                dict(type='CutmixBlending', alpha=1.0, num_classes=num_classes),
            ],
        ),
    ),
    backbone=dict(type='UniFormer3D', arch='small', attention='joint', out_indices=3),
    cls_head=dict(
        type='I3DHead',
        num_classes=num_classes,
        in_channels=512,
        spatial_type='avg',
        dropout_ratio=0.0,
        init_std=0.02,
        label_smooth_eps=0.1,
        average_clips='score',
    ),
    test_cfg=dict(max_testing_views=None),
)
