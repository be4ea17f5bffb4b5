"""60 epochs on Something-Something V1, which is released as images; otherwise as on V2.

Every video is sampled twice per epoch, not twice per step as in the published runs, because
mmaction2 repeats samples of video files only. A batch is thus 64 clips here and 32 videos there.
"""

_base_ = './ssv2.py'

epochs = 60
data_root = 'data/sthv1/'
frames = dict(
    type='LenientRawframeDataset',
    filename_tmpl='{:05}.jpg',
    data_prefix=dict(img=data_root + 'rawframes'),
)
train_list = data_root + 'sthv1_train_list_rawframes.txt'
val_data = dict(
    _delete_=True, test_mode=True, ann_file=data_root + 'sthv1_val_list_rawframes.txt', **frames
)
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        _delete_=True, type='RepeatDataset', times=2, dataset=dict(ann_file=train_list, **frames)
    ),
)
val_dataloader = dict(dataset=val_data)
test_dataloader = dict(dataset=val_data)

param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=epochs, T_max=epochs - _base_.warmup)
train_cfg = dict(max_epochs=epochs)
auto_scale_lr = dict(base_batch_size=64)
