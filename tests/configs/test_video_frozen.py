"""Every video config resolves to the dictionary that was frozen before the leaves were rewritten.

But for the differences that are listed here.
"""

import ast
import inspect
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from mmengine.runner import Runner

from configs import configs_of, load, stem

pytest.importorskip('mmaction')
FROZEN = Path(__file__).parents[1] / 'data' / 'video_configs.py.xz'

# Names that only helped to write a config. Nothing reads them in the resolved one.
HELPERS = {
    'after', 'arch', 'augment', 'augmented', 'augments', 'data', 'data_root', 'decode', 'dim',
    'dims', 'epochs', 'frames', 'hacs_train', 'hacs_val', 'hacs_videos', 'in_process', 'init',
    'init_cfg', 'k600_train', 'k600_val', 'k700_train', 'k700_val', 'k710_train', 'k710_val',
    'label_file', 'lr', 'mit_val', 'num_classes', 'open_video', 'ops', 'pack', 'root', 'sample',
    'shrink', 'side', 'start', 'strong', 'test_sample', 'test_transforms', 'three_crops',
    'train_data', 'train_list', 'train_transforms', 'val_data', 'val_list', 'videos', 'warmup',
    'weights',
}  # fmt: skip
# Parts that were inherited from mmaction2, and so had its scope. It is the default scope of all.
RUNTIME = ('default_hooks', 'log_processor', 'vis_backends', 'visualizer')


def expected(config: dict[str, Any]) -> dict[str, Any]:
    """Apply the differences that are right to a frozen config."""
    config = {key: value for key, value in config.items() if key not in HELPERS}
    assert config['default_scope'] == 'mmaction'
    config |= {key: without_scope(config[key]) for key in RUNTIME}
    # A quotient where a rounded literal was.
    warmup = config['param_scheduler'][0]
    if warmup.get('start_factor') == 0.01 and config['optim_wrapper']['optimizer']['lr'] == 1e-4:
        warmup['start_factor'] = 1e-6 / 1e-4
    # Every leaf names the pipeline of its validation, as those of training and of a test.
    config['val_pipeline'] = config['val_dataloader']['dataset']['pipeline']
    return config


def without_scope(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: without_scope(value) for key, value in part.items() if key != '_scope_'}
    return [without_scope(value) for value in part] if isinstance(part, list) else part


@cache
def frozen() -> dict[str, dict[str, Any]]:
    """Each config by its name, as a dictionary of plain data, tuples included."""
    return ast.literal_eval(lzma.decompress(FROZEN.read_bytes()).decode())


def differences(old: Any, new: Any, place: str = '') -> Iterator[str]:
    """Say where two configs differ, and how."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if key not in new:
                yield f'{place}.{key} is missing; was {old[key]!r}'
            elif key not in old:
                yield f'{place}.{key} is new: {new[key]!r}'
            else:
                yield from differences(old[key], new[key], f'{place}.{key}')
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from differences(*pair, f'{place}[{index}]')
    elif type(old) is not type(new) or old != new:
        yield f'{place} was {old!r}, is {new!r}'


def test_every_config_is_frozen_and_no_other():
    assert frozen().keys() == {path.stem for path in configs_of('video')}


@pytest.mark.parametrize('path', configs_of('video'), ids=stem)
def test_a_config_is_the_frozen_dictionary(path):
    new = load(path).to_dict()
    new = {key: value for key, value in new.items() if key not in HELPERS}
    assert sorted(differences(expected(frozen()[path.stem]), new)) == []


def test_a_runner_reads_no_helper():
    assert HELPERS.isdisjoint(inspect.signature(Runner).parameters)


@pytest.mark.parametrize(
    ('new', 'said'),
    [
        ({'a': 1, 'b': [{'c': (1, 2)}]}, []),
        ({'a': 1.0, 'b': [{'c': (1, 2)}]}, ['.a was 1, is 1.0']),
        ({'a': 1, 'b': [{'c': [1, 2]}]}, ['.b[0].c was (1, 2), is [1, 2]']),
        ({'b': [{'c': (1, 2)}]}, ['.a is missing; was 1']),
        ({'a': 1, 'b': [], 'd': None}, [".b was [{'c': (1, 2)}], is []", '.d is new: None']),
    ],
)
def test_a_difference_is_said_with_its_place(new, said):
    assert sorted(differences({'a': 1, 'b': [{'c': (1, 2)}]}, new)) == said
