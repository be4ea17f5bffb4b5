"""What holds for the configs of every task: names, length, headers, batch sizes, first weights."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from mmengine.config import Config

from configs import CONFIGS, configs_of, stem
from configs import load as load_anew

for toolbox in ('mmdet', 'mmseg', 'mmpose', 'mmpretrain', 'mmaction'):
    pytest.importorskip(toolbox)

TASKS = ('det', 'seg', 'pose', 'cls', 'video')
EVERY = [path for task in TASKS for path in configs_of(task)]
MINI = [path for path in EVERY if path.stem.startswith('mini_')]
FULL = [path for path in EVERY if path not in MINI]
TRAINED = [path for path in FULL if '_test_' not in path.stem]
GPUS = 8  # of a published run whose header says nothing else
SIZES = {'s': 'small', 'b': 'base', 'xxs': 'xxs', 'xs': 'xs'}

# Where training starts, by task and name; {size} is the word for it in names of files, {letter} the
# one in names of configs. The first that fits counts. None: from scratch.
STARTS = {
    r'.*uniformerv2_.*': r'.*(clip|uniformerv2).*\.pth',
    r'(det|seg|pose)/.*_xx?s_.*': r'checkpoints/uniformer_{size}_224_in1k\.pth',
    r'(det|seg|pose)/.*': r'https://.*/uniformer_{size}_in1k\.pth',
    r'cls/.*_384': r'work_dirs/{name}/epoch_310\.pth',
    r'cls/.*': None,
    r'video/.*': r'.*/uniformer[-_]({size}|{letter})[-_].*\.pth',
}


@cache
def load(path: Path) -> Config:
    """Read a config once for all the tests that only look at it."""
    return load_anew(path)


def header_of(path: Path) -> str:
    return path.read_text().split('"""')[1]


def test_base_names_are_unique_because_mim_looks_configs_up_by_them():
    counts = Counter(path.name for path in CONFIGS.rglob('*.py'))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_a_leaf_states_differences_only(path):
    _, _, body = path.read_text().split('"""')
    assert len([line for line in body.splitlines() if line.strip()]) <= 15


@pytest.mark.parametrize('path', EVERY, ids=stem)
def test_a_header_tells_table_metric_and_command(path: Path):
    header = header_of(path)
    if path in FULL:
        published = 'Table' in header and 'Expected' in header
        assert published or 'No published number' in header
    mode = 'test' if '_test_' in path.stem else 'train'
    assert re.search(rf'mim {mode} mm\w+ {path.relative_to(CONFIGS.parent)}\b', header)


@pytest.mark.parametrize('path', TRAINED, ids=stem)
def test_the_learning_rate_is_for_the_gpus_of_the_header_with_the_batch_of_the_config(path):
    config = load(path)
    named = re.search(r'\bon (\d+)\s+GPUs\b', header_of(path))
    gpus = int(named[1]) if named else GPUS
    assert config.auto_scale_lr.base_batch_size == gpus * config.train_dataloader.batch_size
    assert not config.auto_scale_lr.enable


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_training_starts_from_the_weights_of_the_recipe_or_from_scratch(path):
    config = load(path)
    name = f'{path.parent.name}/{path.stem}'
    pattern = next(wanted for names, wanted in STARTS.items() if re.fullmatch(names, name))
    init_cfg = config.model.backbone.get('init_cfg') or {}
    starts = [file for file in (init_cfg.get('checkpoint'), config.get('load_from')) if file]
    if pattern is None:
        assert starts == []
        return
    size = re.search(r'uniformer_(s|b|xxs|xs)_', path.stem)
    words = {'{name}': path.stem.removesuffix('_384')}
    if size:
        words |= {'{size}': SIZES[size[1]], '{letter}': size[1]}
    for word, value in words.items():
        pattern = pattern.replace(word, value)
    assert starts
    for file in starts:
        assert re.fullmatch(pattern, file, re.IGNORECASE), file


@pytest.mark.parametrize('path', EVERY, ids=stem)
def test_batch_norms_are_frozen_where_the_name_says_so(path):
    # DINO freezes the BatchNorms of every backbone.
    frozen = path.stem.endswith('_frozenbn') or path.stem.startswith('dino')
    assert load(path).model.backbone.get('norm_eval', False) is frozen


@pytest.mark.parametrize('path', EVERY, ids=stem)
def test_a_full_disk_costs_no_checkpoint(path):
    assert load(path).default_hooks.checkpoint.type == 'AtomicCheckpointHook'
