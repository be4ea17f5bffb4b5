"""Top-down heatmaps with UniFormer: three deconvolutions after the last stage (Sec. 5.5)."""

model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='UniFormer',
        arch='small',
        attention='global',
        out_indices=(3,),
        out_norm='layer',
        # BatchNorms are trained and not synchronized, in the head too.
        norm_eval=False,
    ),
    head=dict(
        type='HeatmapHead',
        in_channels=512,
        out_channels=17,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
)
