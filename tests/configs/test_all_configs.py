"""What holds for the configs of every task: names, length, headers, batch sizes."""

from collections import Counter
from pathlib import Path

import pytest

from configs import CONFIGS, configs_of, load, stem

for toolbox in ('mmdet', 'mmseg', 'mmpose'):
    pytest.importorskip(toolbox)

TASKS = ('det', 'seg', 'pose')
EVERY = [path for task in TASKS for path in configs_of(task)]
MINI = [path for path in EVERY if path.stem.startswith('mini_')]
FULL = [path for path in EVERY if path not in MINI]
TRAINED = [path for path in FULL if '_test_' not in path.stem]
GPUS = 8  # of every published run


def test_base_names_are_unique_because_mim_looks_configs_up_by_them():
    counts = Counter(path.name for path in CONFIGS.rglob('*.py'))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_a_leaf_states_differences_only(path):
    _, _, body = path.read_text().split('"""')
    assert len([line for line in body.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize('path', EVERY, ids=stem)
def test_a_header_tells_table_metric_and_command(path: Path):
    header = path.read_text().split('"""')[1]
    if path in FULL:
        published = 'Table' in header and 'Expected' in header
        assert published or 'No published number' in header
    mode = 'test' if '_test_' in path.stem else 'train'
    assert f'mim {mode} mm' in header
    assert f'{path.relative_to(CONFIGS.parent)}' in header


@pytest.mark.parametrize('path', TRAINED, ids=stem)
def test_the_learning_rate_is_for_8_gpus_with_the_batch_of_the_config(path):
    config = load(path)
    assert config.auto_scale_lr.base_batch_size == GPUS * config.train_dataloader.batch_size
    assert not config.auto_scale_lr.enable


@pytest.mark.parametrize('path', TRAINED, ids=stem)
def test_training_starts_from_the_imagenet_weights_of_the_same_size(path):
    backbone = load(path).model.backbone
    assert backbone.init_cfg.checkpoint.endswith(f'/uniformer_{backbone.arch}_in1k.pth')


@pytest.mark.parametrize('path', EVERY, ids=stem)
def test_batch_norms_are_frozen_where_the_name_says_so(path):
    # DINO freezes the BatchNorms of every backbone.
    frozen = path.stem.endswith('_frozenbn') or path.stem.startswith('dino')
    assert load(path).model.backbone.norm_eval is frozen
