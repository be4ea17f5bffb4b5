"""600 epochs on ImageNet-1k for the light models, with RandAugment as for XS.

AdamW, learning rate 4e-3 for a batch of 4096 images, weight decay 0.05 except on one-dimensional
parameters and the class token. An exponential moving average of the weights (decay 0.9999) is
tested and saved.

Train in full precision: the released code disables half precision because the loss becomes NaN.
"""

_base_ = './imagenet.py'

train_dataloader = dict(batch_size=512, num_workers=10)
val_dataloader = dict(batch_size=512)
test_dataloader = val_dataloader

optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=4e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05),
    paramwise_cfg=dict(flat_decay_mult=0.0, custom_keys={'cls_token': dict(decay_mult=0.0)}),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=2.5e-4, by_epoch=True, begin=0, end=31),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True, begin=0, end=600, T_max=600),
]
custom_hooks = [
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=1e-4, update_buffers=True)
]
train_cfg = dict(by_epoch=True, max_epochs=600, val_interval=1)
auto_scale_lr = dict(enable=False, base_batch_size=4096)
