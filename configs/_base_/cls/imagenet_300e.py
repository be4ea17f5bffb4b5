"""300 epochs on ImageNet-1k, as DeiT is trained (paper, Sec. 5.1).

AdamW, learning rate 1e-3 for a batch of 1024 images, weight decay 0.05 except on one-dimensional
parameters: norms and biases have none, the depthwise convolutions named pos_embed do. Each image
appears three times in a row, and an epoch covers a third of the images. The published runs used
half precision with dynamic loss scaling: add `--amp` on a GPU.

The published runs step the schedule one epoch late, so two epochs run at 1e-6; here it is on time.
They also average the weights (decay 0.99996) but never test the average, so it is omitted here.
"""

_base_ = './imagenet.py'

train_dataloader = dict(batch_size=128, sampler=dict(type='RepeatAugSampler'))
val_dataloader = dict(batch_size=128)
test_dataloader = val_dataloader

optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05),
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
# Both by epoch. The warm-up scales the cosine schedule and ends in epoch 5.
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=True, begin=0, end=6),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True, begin=0, end=300, T_max=300),
]
train_cfg = dict(by_epoch=True, max_epochs=300, val_interval=1)
auto_scale_lr = dict(enable=False, base_batch_size=1024)
