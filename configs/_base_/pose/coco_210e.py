"""COCO keypoints for 210 epochs, as mmpose trains HRFormer (paper, Sec. 5.5).

AdamW, learning rate 2e-3 for a batch of 1024 images, weight decay 0.01 on every parameter. Tested
with flipping on the boxes of a detector with a person AP of 56.4.
"""

_base_ = 'mmpose::_base_/default_runtime.py'
custom_imports = dict(imports=['mmuniformer'], allow_failed_imports=False)

dataset_type = 'CocoDataset'
data_mode = 'topdown'
data_root = 'data/coco/'
# The steps before the crop; crop and target are in the file of each resolution.
val_transforms = [dict(type='LoadImage'), dict(type='GetBBoxCenterScale')]
train_transforms = [
    *val_transforms,
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    # Boxes are not shifted, as in the published runs.
    dict(type='RandomBBoxTransform', shift_prob=0.0),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations/person_keypoints_train2017.json',
        data_prefix=dict(img='train2017/'),
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations/person_keypoints_val2017.json',
        bbox_file=data_root
        + 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json',
        data_prefix=dict(img='val2017/'),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type='CocoMetric', ann_file=data_root + 'annotations/person_keypoints_val2017.json'
)
test_evaluator = val_evaluator

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, betas=(0.9, 0.999), weight_decay=0.01),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', begin=0, end=210, by_epoch=True, milestones=[170, 200], gamma=0.1),
]
train_cfg = dict(max_epochs=210, val_interval=10)
default_hooks = dict(
    checkpoint=dict(
        type='AtomicCheckpointHook', save_best='coco/AP', rule='greater', max_keep_ckpts=3
    ),
)
auto_scale_lr = dict(enable=False, base_batch_size=1024)
