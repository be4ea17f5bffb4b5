"""RTMPose's head, SimCC with a gated attention unit, on the last stage of a UniFormer."""

_base_ = './td_hm_uniformer.py'

model = dict(
    head=dict(
        _delete_=True,
        type='RTMCCHead',
        in_channels=512,
        out_channels=17,
        input_size=(192, 256),
        in_featuremap_size=(6, 8),
        simcc_split_ratio=2.0,
        final_layer_kernel_size=7,
        gau_cfg=dict(
            hidden_dims=256,
            s=128,
            expansion_factor=2,
            dropout_rate=0.0,
            drop_path=0.0,
            act_fn='SiLU',
            use_rel_bias=False,
            pos_enc=False,
        ),
        loss=dict(type='KLDiscretLoss', use_target_weight=True, beta=10.0, label_softmax=True),
    ),
    test_cfg=dict(_delete_=True, flip_test=True),
)
