"""The mini classifiers learn what their headers say: one from scratch, the others out of it."""

from pathlib import Path

import pytest
from training import checkpoint_of, train_and_test

pytest.importorskip('mmpretrain')
pytest.importorskip('mim')
pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def workspace(tmp_path_factory, python_tool) -> Path:
    folder = tmp_path_factory.mktemp('cls')
    for name in ('imagenet', 'imagenet_things'):
        python_tool('make_mini_data.py', name, cwd=folder)
    return folder


@pytest.fixture(scope='module')
def cls(repo_root) -> Path:
    return repo_root / 'configs' / 'cls'


@pytest.fixture(scope='module')
def small(workspace, cls, mim) -> tuple[float, Path]:
    """Top-1 in percent and the last checkpoint of UniFormer-S, from scratch at 64 pixels."""
    config = cls / 'mini_uniformer_s_in1k.py'
    scores = train_and_test(mim, 'mmpretrain', config, workspace)
    return scores['accuracy/top1'], checkpoint_of(workspace, config)


def test_uniformer_s_learns_shapes_to_80_percent(small):
    top1, _ = small
    assert top1 >= 80


def test_token_labels_of_uniformer_s_teach_another_one_to_80_percent(
    workspace, cls, mim, python_tool, small
):
    images = workspace / 'data' / 'mini' / 'imagenet'
    python_tool(
        'make_label_maps.py', images / 'train', images / 'label_maps', '--size', 64,
        '--model', cls / 'mini_uniformer_s_in1k.py', '--checkpoint', small[1], cwd=workspace,
    )  # fmt: skip
    config = cls / 'mini_uniformer_s_tl_in1k.py'
    assert train_and_test(mim, 'mmpretrain', config, workspace)['accuracy/top1'] >= 80


def test_fine_tuning_learns_other_classes_from_fewer_images_to_75_percent(
    workspace, cls, mim, small
):
    config, start = cls / 'mini_finetune_uniformer_s.py', f'load_from={small[1]}'
    scores = train_and_test(mim, 'mmpretrain', config, workspace, '--cfg-options', start)
    assert scores['accuracy/top1'] >= 75


def test_more_pixels_make_the_model_better_once_it_is_fine_tuned_to_them(
    workspace, cls, mim, small
):
    top1, checkpoint = small
    config, start = cls / 'mini_uniformer_s_in1k_96.py', f'load_from={checkpoint}'
    scores = train_and_test(mim, 'mmpretrain', config, workspace, '--cfg-options', start)
    assert scores['accuracy/top1'] >= top1


def test_uniformer_xxs_learns_shapes_to_90_percent(workspace, cls, mim):
    config = cls / 'mini_uniformer_xxs_in1k.py'
    assert train_and_test(mim, 'mmpretrain', config, workspace)['accuracy/top1'] >= 90
