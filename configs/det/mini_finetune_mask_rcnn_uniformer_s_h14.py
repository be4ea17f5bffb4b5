"""Fine-tuning on other classes: the mini detector of shapes learns people. Edit four lines.

Box AP50 0.97, mask AP50 0.77 on held-out images after 2 minutes on a CPU core.

    mmuniformer make-mini-data coco_keypoints
    mim train mmdet configs/det/mini_finetune_mask_rcnn_uniformer_s_h14.py
"""

_base_ = './mini_mask_rcnn_uniformer_s_h14.py'

classes = ('person',)  # 1. your classes
data_root = 'data/mini/coco_keypoints/'  # 2. your images, in the folders of COCO
annotations = 'annotations/person_keypoints_{}2017.json'  # 3. your annotations, in COCO's format
load_from = 'work_dirs/mini/epoch_9.pth'  # 4. the checkpoint to start from

data = dict(data_root=data_root, metainfo=dict(_delete_=True, classes=classes))
train_dataloader = dict(dataset=dict(ann_file=annotations.format('train'), **data))
val_dataloader = dict(dataset=dict(ann_file=annotations.format('val'), **data))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + annotations.format('val'))
test_evaluator = val_evaluator
model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=len(classes)), mask_head=dict(num_classes=len(classes))
    )
)
epochs = 2
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
# Layer-wise decay: early layers need little change, each learns at 0.9 of the rate of the next.
optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(lr=1e-3),
    paramwise_cfg=dict(
        _delete_=True, layer_decay_rate=0.9, norm_decay_mult=0.0, bias_decay_mult=0.0
    ),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
