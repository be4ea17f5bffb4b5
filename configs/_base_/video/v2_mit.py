"""18 epochs on Moments in Time V1, with 8 frames, at 224 pixels; see v2_kinetics.

Learning rate 1e-5 for a batch of 512 videos.
"""

_base_ = './v2_kinetics.py'

epochs = 18
mit_val = dict(
    ann_file='data/mit/mit_val_list_videos.txt',
    data_prefix=dict(video='data/mit/videos/validation'),
)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file='data/mit/mit_train_list_videos.txt',
        data_prefix=dict(video='data/mit/videos/training'),
    ),
)
val_dataloader = dict(dataset=mit_val)
test_dataloader = dict(dataset=mit_val)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=epochs, T_max=epochs - _base_.warmup)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=512)
