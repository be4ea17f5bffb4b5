"""20 epochs on ActivityNet, with 16 frames, at 224 pixels; see v2_kinetics.

Learning rate 5e-6 for a batch of 64 videos. Tested on ten clips of three crops. Also defines the
lists of HACS.
"""

_base_ = './v2_kinetics.py'

epochs, lr = 20, 5e-6
train_pipeline, val_pipeline = _base_.train_pipeline, _base_.val_pipeline
test_pipeline = _base_.test_pipeline
train_pipeline[1]['clip_len'] = val_pipeline[1]['clip_len'] = test_pipeline[1]['clip_len'] = 16
test_pipeline[1]['num_clips'] = 10
videos = dict(video='data/ActivityNet/videos')
val_list = 'data/ActivityNet/anet_val_list_videos.txt'
hacs_videos = dict(video='data/HACS/videos')
hacs_train = dict(ann_file='data/HACS/hacs_train_list_videos.txt', data_prefix=hacs_videos)
hacs_val = dict(ann_file='data/HACS/hacs_val_list_videos.txt', data_prefix=hacs_videos)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        ann_file='data/ActivityNet/anet_train_list_videos.txt',
        data_prefix=videos,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(dataset=dict(ann_file=val_list, data_prefix=videos, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(ann_file=val_list, data_prefix=videos, pipeline=test_pipeline))
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = _base_.param_scheduler
param_scheduler[0]['start_factor'] = 1e-6 / lr
param_scheduler[1].update(end=epochs, T_max=epochs - _base_.warmup, eta_min_ratio=1e-6 / lr)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=64)
