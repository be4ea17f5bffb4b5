"""COCO keypoints at 256x192 with the optimizer of ViTPose-B (arXiv 2204.12484, Sec. 4.1).

AdamW, learning rate 5e-4 for a batch of 512 persons, layer-wise learning-rate decay 0.75, weight
decay 0.1 except on positions and one-dimensional parameters, gradients clipped to a norm of 1.
"""

_base_ = './coco_210e_256x192.py'

train_dataloader = dict(batch_size=64)
optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(lr=5e-4, weight_decay=0.1),
    paramwise_cfg=dict(
        layer_decay_rate=0.75,
        flat_decay_mult=0.0,
        custom_keys={'positional_embedding': dict(decay_mult=0.0)},
    ),
    clip_grad=dict(max_norm=1.0),
)
auto_scale_lr = dict(base_batch_size=512)
