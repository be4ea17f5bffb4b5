"""50 epochs on ImageNet-1k from CLIP's weights, following arXiv 2212.06138.

AdamW, learning rate 6e-4 for a batch of 2048 images, layer-wise learning-rate decay 0.6, weight
decay 0.05 except on positions and one-dimensional parameters. Augmented as in DeiT, but without
mixup and cutmix. An exponential moving average of the weights (decay 0.9998) is tested and saved.
"""

_base_ = './imagenet.py'

# CLIP's mean and standard deviation.
data_preprocessor = dict(mean=[122.771, 116.746, 104.094], std=[68.501, 66.632, 70.323])
train_dataloader = dict(batch_size=256, num_workers=8)
val_dataloader = dict(batch_size=256)
test_dataloader = val_dataloader

optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=6e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05),
    paramwise_cfg=dict(
        layer_decay_rate=0.6,
        flat_decay_mult=0.0,
        custom_keys={
            'positional_embedding': dict(decay_mult=0.0),
            'temporal_cls_token': dict(decay_mult=0.0),
        },
    ),
)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-3, by_epoch=True, begin=0, end=10,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR', eta_min=1e-6, by_epoch=True, begin=10, end=50, T_max=40,
        convert_to_iter_based=True,
    ),
]  # fmt: skip
custom_hooks = [
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=2e-4, update_buffers=True)
]
train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=1)
auto_scale_lr = dict(enable=False, base_batch_size=2048)
