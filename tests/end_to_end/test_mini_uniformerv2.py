"""The mini UniFormerV2 learns which way shapes drift; without the order of frames it cannot."""

import json
from pathlib import Path

import pytest
from training import checkpoint_of, train_and_test

pytest.importorskip('mmaction')
pytest.importorskip('mim')
pytestmark = pytest.mark.slow
SAMPLING = 'test_dataloader.dataset.pipeline.1'


@pytest.fixture(scope='module')
def workspace(tmp_path_factory, python_tool) -> Path:
    folder = tmp_path_factory.mktemp('video')
    # More clips to test on than by default: the control's share is then known to 0.05.
    python_tool('make_mini_data.py', 'kinetics', '--val', 400, cwd=folder)
    return folder


@pytest.fixture(scope='module')
def config(repo_root) -> Path:
    return repo_root / 'configs' / 'video' / 'mini_uniformerv2_b16_16_motion.py'


@pytest.fixture(scope='module')
def scores(config, workspace, mim) -> dict:
    return train_and_test(mim, 'mmaction2', config, workspace)


def test_the_mini_model_learns_motion_to_a_top1_of_90_percent(scores):
    assert scores['acc/top1'] >= 0.90


def test_with_frames_in_random_order_it_cannot_tell_one_way_from_the_other(
    scores, config, workspace, mim
):
    folder = workspace / 'shuffled'
    mim(
        'test', 'mmaction2', config, '--checkpoint', checkpoint_of(workspace, config),
        '--work-dir', folder, '--cfg-options', f'{SAMPLING}.frame_interval=24',
        f'{SAMPLING}.temporal_jitter=True', cwd=workspace,
    )  # fmt: skip
    (result,) = folder.glob('*/*.json')
    # Several frames show the axis; which way along it is down to chance: at most one half.
    assert json.loads(result.read_text())['acc/top1'] <= 0.55
