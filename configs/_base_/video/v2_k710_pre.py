"""5 epochs on Kinetics-400 from Kinetics-710, with 8 frames; see v2_kinetics.

Learning rate 1.5e-6 for a batch of 256 videos, 1 epoch of warm-up.
"""

_base_ = './v2_kinetics.py'

epochs, warmup, lr = 5, 1, 1.5e-6
train_dataloader = dict(batch_size=16)
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0].update(start_factor=1e-6 / lr, end=warmup)
param_scheduler[1].update(begin=warmup, end=epochs, T_max=epochs - warmup, eta_min_ratio=1e-6 / lr)
train_cfg = dict(max_epochs=epochs, val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
