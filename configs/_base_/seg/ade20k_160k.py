"""160 000 iterations on ADE20K for UPerNet, as in Swin (paper, Sec. 5.4).

AdamW, learning rate 6e-5, weight decay 0.01 except on norms, batch size 16. Test images are resized
to a short side of 512, whether or not the result is divisible by 32.
"""

_base_ = ['./ade20k.py', 'mmseg::_base_/schedules/schedule_160k.py']

train_dataloader = dict(batch_size=2)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01),
    # Matches by substring: LayerNorms and BatchNorms named norm*. Biases and the depthwise
    # convolutions named pos_embed are decayed, as in the published runs.
    paramwise_cfg=dict(custom_keys={'norm': dict(decay_mult=0.0)}),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=1500),
    dict(type='PolyLR', power=1.0, eta_min=0.0, by_epoch=False, begin=0, end=160000),
]
default_hooks = dict(
    checkpoint=dict(type='AtomicCheckpointHook', max_keep_ckpts=3, save_best='mIoU')
)
auto_scale_lr = dict(enable=False, base_batch_size=16)
