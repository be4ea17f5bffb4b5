"""22 epochs on Something-Something V2, with 16 frames spread over the whole video.

Learning rate 4e-5 for a batch of 128 videos, each augmented twice, 5 epochs of warm-up. No flips,
no erasing. Tested on three crops of one clip.
"""

_base_ = './ssv2_16.py'

epochs, lr = 22, 4e-5
train_pipeline = [step for step in _base_.train_pipeline if step['type'] != 'RandomErasing']
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
param_scheduler[1].update(
    end=epochs, T_max=epochs - _base_.warmup, eta_min=None, eta_min_ratio=1e-6 / lr
)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=128)
