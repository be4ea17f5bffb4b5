"""300 epochs on ImageNet-1k with token labels, 10 more at the final rate (paper, Sec. 5.1).

AdamW, learning rate 1.6e-3 for a batch of 1024 images, weight decay 0.05 except on one-dimensional
parameters. MixToken replaces mixup and cutmix; image and token labels come from the label maps
only. An exponential moving average of the weights (decay 0.99992) is tested and saved, as in the
released training code; the published test loads the weights as they are.

Images are normalized to -1 … 1, as in the timm version pinned by the released code; earlier
versions use ImageNet's mean and standard deviation. The released code swaps rows and columns when
cropping the label maps, and its MixToken cuts through tokens; to reproduce this, set
`data_preprocessor.transpose_boxes=True` and `data_preprocessor.mix_token.align=False`. Half
precision: add `--amp` on a GPU.
"""

_base_ = './imagenet.py'

# As written by mmuniformer make-label-maps: a folder per class.
label_root = 'data/imagenet/label_maps'
mean = [127.5, 127.5, 127.5]
data_preprocessor = dict(
    type='TokenLabelDataPreprocessor', mean=mean, std=mean, mix_token=dict(alpha=1.0)
)
load_map = dict(type='LoadLabelMap', label_root=label_root)
flip = _base_.flip
augment = dict(_base_.augment, hparams=dict(pad_val=[128, 128, 128], interpolation='bicubic'))
erase = dict(_base_.erase, fill_color=mean, fill_std=mean)
pack = dict(type='PackInputs', algorithm_keys=['label_map', 'label_map_box'])
# The crop comes last: label maps cannot be rotated or shifted after it.
moves = dict(type='WithLabelMap', transforms=[flip, augment, _base_.crop])
train_pipeline = [_base_.load, load_map, moves, erase, pack]
test_pipeline = [
    _base_.load,
    dict(_base_.resize, scale=248),
    _base_.center_crop,
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=128, num_workers=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=128, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1.6e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05),
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=6.25e-4, by_epoch=True, begin=0, end=6),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True, begin=0, end=300, T_max=300),
]
custom_hooks = [
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=8e-5, update_buffers=True)
]
train_cfg = dict(by_epoch=True, max_epochs=310, val_interval=1)
auto_scale_lr = dict(enable=False, base_batch_size=1024)
