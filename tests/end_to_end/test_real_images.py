"""On real images: the mini model learns four of COCO by heart."""

import pytest
from training import train_and_test

pytest.importorskip('mmdet')
pytest.importorskip('mim')

EPOCHS = 40
CONFIG = """
_base_ = {base!r}
root = {root!r}
people = dict(classes=('person',), palette=[(220, 20, 60)])
data = dict(
    data_root=root, ann_file='instances_keypoints.json', data_prefix=dict(img=''), metainfo=people
)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(256, 256), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(256, 256), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
model = dict(roi_head=dict(bbox_head=dict(num_classes=1), mask_head=dict(num_classes=1)))
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        _delete_=True, type='RepeatDataset', times=5,
        dataset=dict(type='CocoDataset', pipeline=train_pipeline, **data),
    ),
)
val_dataloader = dict(batch_size=4, dataset=dict(pipeline=test_pipeline, **data))
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


@pytest.mark.slow
def test_four_images_of_coco_are_learned_to_box_ap50_of_90_percent(
    repo_root, mim, coco_tiny, tmp_path
):
    base = repo_root / 'configs' / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py'
    config = tmp_path / 'four_images.py'
    config.write_text(CONFIG.format(base=str(base), root=str(coco_tiny), epochs=EPOCHS))
    scores = train_and_test(mim, 'mmdet', config, tmp_path)
    assert scores['coco/bbox_mAP_50'] >= 0.9
