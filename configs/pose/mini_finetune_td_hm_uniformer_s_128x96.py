"""Fine-tuning on other keypoints: the 17-keypoint mini model learns five tips. Edit four lines.

AP 0.61 for nose, wrists and ankles on held-out images after 2 minutes on a CPU core.

    mmuniformer make-mini-data coco_keypoints
    mim train mmpose configs/pose/mini_finetune_td_hm_uniformer_s_128x96.py
"""

_base_ = './mini_td_hm_uniformer_s_128x96.py'

names = ('nose', 'left_wrist', 'right_wrist', 'left_ankle', 'right_ankle')  # 1. your keypoints
data_root = 'data/mini/coco_keypoints/'  # 2. your images, in the folders of COCO
annotations = 'annotations/person_tips_{}2017.json'  # 3. your annotations, in COCO's format
load_from = 'work_dirs/mini_pose/best_coco_AP_epoch_14.pth'  # 4. the checkpoint to start from

swaps = {'left': 'right', 'right': 'left'}
metainfo = dict(
    dataset_name='tips',
    keypoint_info={
        number: dict(
            name=name,
            id=number,
            color=[255, 128, 0],
            type='',
            # The keypoint that takes its place in a flipped image.
            swap='_'.join([swaps.get(name.split('_')[0], ''), *name.split('_')[1:]])
            if '_' in name
            else '',
        )
        for number, name in enumerate(names)
    },
    skeleton_info={},
    joint_weights=[1.0] * len(names),
    # OKS tolerances relative to the size of the person: COCO's for these keypoints.
    sigmas=[0.026, 0.062, 0.062, 0.089, 0.089],
)
train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file=annotations.format('train'), metainfo=metainfo)
)
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file=annotations.format('val'),
        bbox_file=None,  # ground-truth boxes
        metainfo=metainfo,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + annotations.format('val'))
test_evaluator = val_evaluator
model = dict(head=dict(out_channels=len(names)))
epochs = 6
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
# Layer-wise decay: early layers need little change, each learns at 0.9 of the rate of the next.
optim_wrapper = dict(
    constructor='LayerwiseOptimWrapperConstructor',
    optimizer=dict(lr=1e-3),
    paramwise_cfg=dict(layer_decay_rate=0.9, norm_decay_mult=0.0, bias_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end=epochs, T_max=epochs,
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]  # fmt: skip
