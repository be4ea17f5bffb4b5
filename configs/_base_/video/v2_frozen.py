"""50 epochs on Kinetics-400 with a frozen ViT, 8 frames at 336 pixels; see v2_kinetics.

Learning rate 8e-4 for a batch of 512 videos, no warm-up. Tested on three clips of one crop.
"""

_base_ = './v2_kinetics_336.py'

epochs, lr = 50, 8e-4
test_pipeline = _base_.test_pipeline
test_pipeline[1]['num_clips'] = 3
test_pipeline[4]['type'] = 'CenterCrop'
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = [
    dict(_base_.param_scheduler[1], begin=0, end=epochs, T_max=epochs, eta_min_ratio=1e-6 / lr)
]
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=512)
