"""The mini pose model learns what its header says, from scratch and by fine-tuning."""

from pathlib import Path

import pytest
from training import checkpoint_of, train_and_test

pytest.importorskip('mmpose')
pytest.importorskip('mim')


@pytest.fixture(scope='module')
def workspace(tmp_path_factory, python_tool) -> Path:
    folder = tmp_path_factory.mktemp('pose')
    python_tool('make_mini_data.py', 'coco_keypoints', cwd=folder)
    return folder


@pytest.fixture(scope='module')
def pose(repo_root) -> Path:
    return repo_root / 'configs' / 'pose'


@pytest.fixture(scope='module')
def heatmaps(workspace, pose, mim) -> dict:
    return train_and_test(mim, 'mmpose', pose / 'mini_td_hm_uniformer_s_128x96.py', workspace)


@pytest.mark.slow
def test_heatmaps_learn_figures_to_an_ap_of_60_percent_on_detected_boxes(heatmaps):
    assert heatmaps['coco/AP'] >= 0.60


@pytest.mark.slow
def test_fine_tuning_learns_other_keypoints_to_an_ap_of_50_percent(workspace, pose, mim, heatmaps):
    start = checkpoint_of(workspace, pose / 'mini_td_hm_uniformer_s_128x96.py')
    config = pose / 'mini_finetune_td_hm_uniformer_s_128x96.py'
    scores = train_and_test(
        mim, 'mmpose', config, workspace, '--cfg-options', f'load_from={start}'
    )  # fmt: skip
    assert scores['coco/AP'] >= 0.50
