"""12 epochs on COCO with ViTDet's learning-rate and weight decay (arXiv 2203.16527).

Layer-wise learning-rate decay 0.7, no weight decay on norms and positions.
"""

_base_ = './coco_1x.py'

optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    paramwise_cfg=dict(
        _delete_=True,
        layer_decay_rate=0.7,
        norm_decay_mult=0.0,
        custom_keys={'positional_embedding': dict(decay_mult=0.0)},
    ),
)
