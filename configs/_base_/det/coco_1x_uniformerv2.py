"""12 epochs on COCO with the decays of ViTDet (arXiv 2203.16527).

0.7 times the learning rate with every layer down, no weight decay of norms and positions.
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
