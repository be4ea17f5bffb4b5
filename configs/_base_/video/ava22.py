"""20 epochs on AVA 2.2, 16 frames out of 64 around the annotated second.

Data and schedule of mmaction2's AVA models trained with AdamW: learning rate 1.25e-4 for a batch of
64 clips, 5 epochs of warm-up. Tested on whole frames with the boxes of a person detector.
"""

_base_ = './video_runtime.py'

frames = dict(img='data/ava/rawframes')
root = 'data/ava/annotations'
label_file = f'{root}/ava_action_list_v2.2_for_activitynet_2019.pbtxt'
train_data = dict(
    ann_file=f'{root}/ava_train_v2.2.csv',
    exclude_file=f'{root}/ava_train_excluded_timestamps_v2.2.csv',
    proposal_file=f'{root}/ava_dense_proposals_train.FAIR.recall_93.9.pkl',
)
val_data = dict(
    ann_file=f'{root}/ava_val_v2.2.csv',
    exclude_file=f'{root}/ava_val_excluded_timestamps_v2.2.csv',
    proposal_file=f'{root}/ava_dense_proposals_val.FAIR.recall_93.9.pkl',
)

sample = dict(type='SampleAVAFrames', clip_len=16, frame_interval=4)
pack = [
    dict(type='FormatShape', input_format='NCTHW', collapse=True),
    dict(type='PackActionInputs'),
]
train_pipeline = [
    sample,
    dict(type='RawFrameDecode'),
    dict(type='RandomRescale', scale_range=(256, 320)),
    dict(type='RandomCrop', size=256),
    dict(type='Flip', flip_ratio=0.5),
    *pack,
]
test_pipeline = [
    dict(test_mode=True, **sample),
    dict(type='RawFrameDecode'),
    dict(type='Resize', scale=(-1, 256)),
    *pack,
]
data = dict(type='AVADataset', data_prefix=frames, label_file=label_file)
train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(pipeline=train_pipeline, **train_data, **data),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(pipeline=test_pipeline, test_mode=True, **val_data, **data),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    _delete_=True,
    type='AVAMetric',
    ann_file=val_data['ann_file'],
    exclude_file=val_data['exclude_file'],
    label_file=label_file,
)
test_evaluator = val_evaluator

epochs, warmup, lr = 20, 5, 1.25e-4
optim_wrapper = dict(optimizer=dict(lr=lr))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=warmup,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR', eta_min=0, by_epoch=True, begin=warmup, end=epochs,
        T_max=epochs - warmup, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=1)
auto_scale_lr = dict(enable=False, base_batch_size=64)
