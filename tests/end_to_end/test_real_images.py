"""On real images: the mini models learn four of COCO, and the people in them, by heart."""

import pytest
from training import train_and_test

pytest.importorskip('mim')
pytestmark = pytest.mark.slow

CONFIG = """
_base_ = {base!r}
root = {root!r}
data = dict(data_root=root, ann_file='instances_keypoints.json', data_prefix=dict(img=''))
{task}
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=root + '/instances_keypoints.json')
test_evaluator = val_evaluator
train_cfg = dict(max_epochs={epochs}, val_interval={epochs})
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=20),
    dict(
        type='CosineAnnealingLR', by_epoch=True, begin=0, end={epochs}, T_max={epochs},
        eta_min_ratio=0.01, convert_to_iter_based=True,
    ),
]
"""
DETECTION = """
data.update(metainfo=dict(classes=('person',), palette=[(220, 20, 60)]))
load = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(256, 256), keep_ratio=True),
]
pipeline = [*load, dict(type='RandomFlip', prob=0.5), dict(type='PackDetInputs')]
keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
test_pipeline = [load[0], load[2], load[1], dict(type='PackDetInputs', meta_keys=keys)]
model = dict(roi_head=dict(bbox_head=dict(num_classes=1), mask_head=dict(num_classes=1)))
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        _delete_=True, type='RepeatDataset', times=5,
        dataset=dict(type='CocoDataset', pipeline=pipeline, **data),
    ),
)
val_dataloader = dict(batch_size=4, dataset=dict(pipeline=test_pipeline, **data))
"""
POSE = """
target = dict(type='GenerateTarget', encoder=_base_.codec)
pipeline = [*_base_.val_transforms, _base_.crop, target, _base_.pack]
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        _delete_=True, type='RepeatDataset', times=4,
        dataset=dict(type='CocoDataset', data_mode='topdown', pipeline=pipeline, **data),
    ),
)
val_dataloader = dict(dataset=dict(bbox_file=None, **data))
"""


@pytest.mark.parametrize(
    ('toolbox', 'base', 'task', 'epochs', 'least'),
    [
        (
            'mmdet', 'det/mini_mask_rcnn_uniformer_s_h14.py', DETECTION, 40,
            {'coco/bbox_mAP_50': 0.9},
        ),
        (
            'mmpose', 'pose/mini_td_hm_uniformer_s_128x96.py', POSE, 60,
            # Heatmaps of 32×24 are too coarse for the strictest thresholds.
            {'coco/AP .75': 0.90, 'coco/AP': 0.75},
        ),
    ],
)  # fmt: skip
def test_four_images_of_coco_are_learned(
    toolbox, base, task, epochs, least, repo_root, mim, coco_tiny, tmp_path
):
    pytest.importorskip(toolbox)
    config, base = tmp_path / 'four_images.py', str(repo_root / 'configs' / base)
    config.write_text(CONFIG.format(base=base, root=str(coco_tiny), task=task, epochs=epochs))
    scores = train_and_test(mim, toolbox, config, tmp_path)
    assert {name: score for name, score in least.items() if scores[name] < score} == {}
