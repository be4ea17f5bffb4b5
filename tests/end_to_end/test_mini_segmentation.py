"""The mini segmentation models learn what their headers say, from scratch and by fine-tuning."""

from pathlib import Path

import pytest
from training import checkpoint_of, train_and_test

pytest.importorskip('mmseg')
pytest.importorskip('mim')


@pytest.fixture(scope='module')
def workspace(tmp_path_factory, python_tool) -> Path:
    folder = tmp_path_factory.mktemp('seg')
    for name in ('ade20k', 'coco_keypoints'):
        python_tool('make_mini_data.py', name, cwd=folder)
    return folder


@pytest.fixture(scope='module')
def seg(repo_root) -> Path:
    return repo_root / 'configs' / 'seg'


@pytest.fixture(scope='module')
def semantic_fpn(workspace, seg, mim) -> dict:
    return train_and_test(mim, 'mmseg', seg / 'mini_fpn_uniformer_s_h14.py', workspace)


@pytest.mark.slow
def test_semantic_fpn_learns_landscapes_to_a_miou_of_60_percent(semantic_fpn):
    assert semantic_fpn['mIoU'] >= 60


@pytest.mark.slow
def test_fine_tuning_learns_other_classes_to_a_miou_of_65_percent(
    workspace, seg, mim, semantic_fpn
):
    start = checkpoint_of(workspace, seg / 'mini_fpn_uniformer_s_h14.py')
    config = seg / 'mini_finetune_fpn_uniformer_s_h14.py'
    scores = train_and_test(mim, 'mmseg', config, workspace, '--cfg-options', f'load_from={start}')
    assert scores['mIoU'] >= 65


@pytest.mark.slow
def test_upernet_learns_landscapes_to_a_miou_of_60_percent(workspace, seg, mim):
    config = seg / 'mini_upernet_uniformer_s_g.py'
    assert train_and_test(mim, 'mmseg', config, workspace)['mIoU'] >= 60
