"""Fine-tuning at 384×384 with token labels (paper, Sec. 5.1).

AdamW, learning rate 5e-6 for a batch of 512 images, weight decay 1e-8. Follows the released code
where it differs from the paper: 60 epochs at a constant rate (paper: 30, including 5 of warm-up).
Weights are not averaged.
"""

_base_ = './imagenet_tl_310e.py'

crop = dict(_base_.crop, scale=384)
moves = dict(type='WithLabelMap', transforms=[_base_.flip, _base_.augment, crop])
train_pipeline = [_base_.load, _base_.load_map, moves, _base_.erase, _base_.pack]
test_pipeline = [
    _base_.load,
    dict(_base_.resize, scale=426),
    dict(_base_.center_crop, crop_size=384),
    dict(type='PackInputs'),
]
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=64, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=5e-6, weight_decay=1e-8))
param_scheduler = []
custom_hooks = []
train_cfg = dict(max_epochs=60)
auto_scale_lr = dict(base_batch_size=512)
