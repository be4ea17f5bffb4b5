"""160 000 iterations on ADE20K as mmseg trains MAE's ViT-B/16.

AdamW, learning rate 1e-4, layer-wise learning-rate decay 0.65, weight decay 0.05 except on
positions and one-dimensional parameters, batch size 16.
"""

_base_ = './ade20k_160k.py'

optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(lr=1e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        _delete_=True,
        layer_decay_rate=0.65,
        flat_decay_mult=0.0,
        custom_keys={'positional_embedding': dict(decay_mult=0.0)},
    ),
)
