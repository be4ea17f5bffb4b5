"""The main job as a user does it: draw data, train, test and draw through the command line."""

import json
import re
from pathlib import Path

import cv2
import pytest
from training import checkpoint_of, train_and_test

pytest.importorskip('mmdet')
pytest.importorskip('mim')

CONFIG = 'configs/det/mini_mask_rcnn_uniformer_s_h14.py'


@pytest.fixture(scope='module')
def workspace(mini_coco) -> Path:
    return mini_coco.parents[2]


@pytest.fixture(scope='module')
def scores(workspace, repo_root, mim) -> dict[str, float]:
    return train_and_test(mim, 'mmdet', repo_root / CONFIG, workspace)


@pytest.fixture(scope='module')
def checkpoint(workspace, repo_root, scores) -> Path:
    return checkpoint_of(workspace, repo_root / CONFIG)


def test_the_mini_model_learns_boxes_to_ap50_of_75_percent(scores):
    assert scores['coco/bbox_mAP_50'] >= 0.75


def test_the_mini_model_learns_masks_to_ap50_of_75_percent(scores):
    assert scores['coco/segm_mAP_50'] >= 0.75


def test_the_demo_draws_what_the_model_found(workspace, repo_root, python_tool, checkpoint):
    images = sorted((workspace / 'data/mini/coco/val2017').glob('*.jpg'))[:4]
    done = python_tool(
        'demo.py', 'det', repo_root / CONFIG, checkpoint, *images, '--out-dir', 'drawn',
        cwd=workspace,
    )  # fmt: skip
    found = re.search(r'(\d+) objects in 4 images', done.stdout)
    assert int(found[1]) >= 4
    for image in images:
        drawn = cv2.imread(str(workspace / 'drawn' / f'{image.stem}.png'))
        assert max(drawn.shape) == 640
        content = json.loads((workspace / 'drawn' / f'{image.stem}.json').read_text())
        assert len(content['masks']) == len(content['boxes']) == len(content['classes'])
        assert min(content['scores'], default=1.0) >= 0.3


@pytest.mark.slow
def test_fine_tuning_learns_another_class_to_box_ap50_of_70_percent(
    workspace, repo_root, mim, python_tool, checkpoint
):
    python_tool('make_mini_data.py', 'coco_keypoints', cwd=workspace)
    config = repo_root / 'configs/det/mini_finetune_mask_rcnn_uniformer_s_h14.py'
    start = f'load_from={checkpoint}'
    scores = train_and_test(mim, 'mmdet', config, workspace, '--cfg-options', start)
    assert scores['coco/bbox_mAP_50'] >= 0.70
