"""50 epochs on Kinetics-400 for ablations (paper, Table 10), 16 frames out of 64."""

_base_ = './k400_16x4.py'

epochs, warmup = 50, 10
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=epochs, T_max=epochs - warmup)
train_cfg = dict(max_epochs=epochs)
