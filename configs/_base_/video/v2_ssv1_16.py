"""22 epochs on Something-Something V1, with 16 frames; otherwise as on V2.

Every video is sampled twice per epoch, not twice per step as in the published runs, because
mmaction2 repeats samples of video files only. A batch is thus 256 clips here and 128 videos there.
"""

_base_ = './ssv1_16.py'

epochs, lr = 22, 4e-5
train_pipeline = [step for step in _base_.train_pipeline if step['type'] != 'RandomErasing']
train_dataloader = dict(batch_size=32, dataset=dict(dataset=dict(pipeline=train_pipeline)))
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
param_scheduler[1].update(
    end=epochs, T_max=epochs - _base_.warmup, eta_min=None, eta_min_ratio=1e-6 / lr
)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=256)
