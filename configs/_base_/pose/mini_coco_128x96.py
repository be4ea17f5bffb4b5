"""Mini COCO of drawn figures at 128x96, 14 epochs: minutes on two CPU cores.

mmuniformer make-mini-data coco_keypoints
"""

_base_ = './coco_210e.py'

data_root = 'data/mini/coco_keypoints/'
epochs = 14
codec = dict(type='MSRAHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=1.5)
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
pack = dict(type='PackPoseInputs')
train_pipeline = [
    *_base_.val_transforms,
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.8, 1.2), rotate_factor=30),
    crop,
    dict(type='GenerateTarget', encoder=codec),
    pack,
]
# Loading takes little time; without workers it is reproducible from the seed, also on resume.
in_process = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=16, **in_process, dataset=dict(data_root=data_root, pipeline=train_pipeline)
)
val_dataloader = dict(
    **in_process,
    dataset=dict(
        data_root=data_root,
        bbox_file=data_root
        + 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json',
        pipeline=[*_base_.val_transforms, crop, pack],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'annotations/person_keypoints_val2017.json')
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(weight_decay=0.05), clip_grad=dict(max_norm=10.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
auto_scale_lr = dict(base_batch_size=16)
custom_hooks = [dict(type='EpochSeedHook')]
default_hooks = dict(logger=dict(interval=25), checkpoint=dict(interval=2, max_keep_ckpts=2))
randomness = dict(seed=0)
