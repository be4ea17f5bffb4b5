"""5 epochs on Kinetics-400 from Kinetics-710 with a frozen ViT; see v2_frozen.

Learning rate 5e-5 for a batch of 512 videos, 1 epoch of warm-up.
"""

_base_ = './v2_frozen.py'

epochs, warmup, lr = 5, 1, 5e-5
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-6 / lr, by_epoch=True, begin=0, end=warmup,
        convert_to_iter_based=True,
    ),
    dict(
        _base_.param_scheduler[0], begin=warmup, end=epochs, T_max=epochs - warmup,
        eta_min_ratio=1e-6 / lr,
    ),
]  # fmt: skip
train_cfg = dict(max_epochs=epochs, val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
