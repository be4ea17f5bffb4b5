"""The mini models learn what the headers of their configs say, from scratch and by fine-tuning."""

import json
from functools import cache
from pathlib import Path

import pytest
from training import checkpoint_of, train_and_test

pytest.importorskip('mim')
pytestmark = pytest.mark.slow

# Folder of configs → toolbox, and what is measured.
TASKS = {
    'cls': ('mmpretrain', 'accuracy/top1'),
    'det': ('mmdet', 'coco/bbox_mAP_50'),
    'seg': ('mmseg', 'mIoU'),
    'pose': ('mmpose', 'coco/AP'),
    'video': ('mmaction2', 'acc/top1'),
}
# Config → data set, least score, and the config whose checkpoint it starts from.
TRAININGS = {
    'cls/mini_uniformer_s_in1k': ('imagenet', 80, None),
    'cls/mini_uniformer_xxs_in1k': ('imagenet', 90, None),
    'cls/mini_finetune_uniformer_s': ('imagenet_things', 75, 'cls/mini_uniformer_s_in1k'),
    'cls/mini_uniformer_s_in1k_96': ('imagenet', 80, 'cls/mini_uniformer_s_in1k'),
    'det/mini_cascade_mask_rcnn_uniformer_s_h14': ('coco', 0.70, None),
    'det/mini_mask_rcnn_uniformer_xxs': ('coco', 0.70, None),
    'seg/mini_fpn_uniformer_s_h14': ('ade20k', 60, None),
    'seg/mini_upernet_uniformer_s_g': ('ade20k', 60, None),
    'seg/mini_finetune_fpn_uniformer_s_h14': (
        'coco_keypoints', 65, 'seg/mini_fpn_uniformer_s_h14',
    ),
    'pose/mini_td_hm_uniformer_s_128x96': ('coco_keypoints', 0.60, None),
    'pose/mini_finetune_td_hm_uniformer_s_128x96': (
        'coco_keypoints', 0.50, 'pose/mini_td_hm_uniformer_s_128x96',
    ),
    'video/mini_uniformer_s_16_motion': ('kinetics', 0.90, None),
    'video/mini_uniformer_xxs_16_motion': ('kinetics', 0.90, None),
    'video/mini_uniformerv2_b16_16_motion': ('kinetics', 0.90, None),
}  # fmt: skip
# Index of the sampling step in the test pipeline: after opening for videos, first for frames.
SAMPLING = {
    'video/mini_uniformer_s_16_motion': 1,
    'video/mini_uniformer_xxs_16_motion': 0,
    'video/mini_uniformerv2_b16_16_motion': 1,
}


@pytest.fixture(scope='module')
def workspace(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('trainings')


@pytest.fixture(scope='module')
def train(workspace, repo_root, mim, python_tool):
    """Train a config once; return its score and last checkpoint."""

    @cache
    def run(name: str) -> tuple[float, Path]:
        data, _, start = TRAININGS[name]
        toolbox, metric = TASKS[name.split('/')[0]]
        pytest.importorskip('mmaction' if toolbox == 'mmaction2' else toolbox)
        # More clips to test on than by default: the share of chance is then known to 0.05.
        more = ('--val', 400) if data == 'kinetics' else ()
        python_tool('make_mini_data.py', data, *more, cwd=workspace)
        config = repo_root / 'configs' / f'{name}.py'
        options = ('--cfg-options', f'load_from={run(start)[1]}') if start else ()
        scores = train_and_test(mim, toolbox, config, workspace, *options)
        return scores[metric], checkpoint_of(workspace, config)

    return run


@pytest.mark.parametrize('name', TRAININGS)
def test_a_mini_model_learns_to_the_score_of_its_header(name, train):
    assert train(name)[0] >= TRAININGS[name][1]


def test_more_pixels_make_the_model_better_once_it_is_fine_tuned_to_them(train):
    assert train('cls/mini_uniformer_s_in1k_96')[0] >= train('cls/mini_uniformer_s_in1k')[0]


def test_token_labels_of_uniformer_s_teach_another_one_to_80_percent(
    train, workspace, repo_root, mim, python_tool
):
    _, annotator = train('cls/mini_uniformer_s_in1k')
    configs, images = repo_root / 'configs' / 'cls', workspace / 'data' / 'mini' / 'imagenet'
    python_tool(
        'make_label_maps.py', images / 'train', images / 'label_maps', '--size', 64,
        '--model', configs / 'mini_uniformer_s_in1k.py', '--checkpoint', annotator, cwd=workspace,
    )  # fmt: skip
    scores = train_and_test(mim, 'mmpretrain', configs / 'mini_uniformer_s_tl_in1k.py', workspace)
    assert scores['accuracy/top1'] >= 80


@pytest.mark.parametrize('name', SAMPLING)
def test_with_frames_in_random_order_one_way_is_not_told_from_the_other(
    name, train, workspace, repo_root, mim
):
    _, checkpoint = train(name)
    step, folder = f'test_dataloader.dataset.pipeline.{SAMPLING[name]}', workspace / 'shuffled'
    mim(
        'test', 'mmaction2', repo_root / 'configs' / f'{name}.py', '--checkpoint', checkpoint,
        '--work-dir', folder / name, '--cfg-options', f'{step}.frame_interval=24',
        f'{step}.temporal_jitter=True', cwd=workspace,
    )  # fmt: skip
    (result,) = folder.glob(f'{name}/*/*.json')
    # Several frames show the axis; which way along it is down to chance: at most one half.
    assert json.loads(result.read_text())['acc/top1'] <= 0.55
