"""UniFormerV2-B/16 with a linear classifier (arXiv 2211.09552, Sec. 3).

Four global UniBlocks read the last layers of CLIP's ViT, which has no local ones on Kinetics.
Dropout 0.5 in their FFNs and before the classifier. No mixing, no label smoothing. Views are
averaged after the softmax, as published.
"""

model = dict(
    type='Recognizer3D',
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        mean=[114.75, 114.75, 114.75],  # 0.45 of 255, not CLIP's
        std=[57.375, 57.375, 57.375],  # 0.225 of 255
        format_shape='NCTHW',
    ),
    backbone=dict(type='UniFormerV2', arch='b16', global_drop_rate=0.5),
    cls_head=dict(
        type='TimeSformerHead',
        num_classes=400,
        in_channels=768,
        dropout_ratio=0.5,
        init_std=0.02,
        average_clips='prob',
    ),
    test_cfg=dict(max_testing_views=None),
)
