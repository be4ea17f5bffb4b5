"""Every video config resolves to the dictionary that was frozen when the leaves were rewritten."""

import ast
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from configs import configs_of, load, stem

pytest.importorskip('mmaction')
FROZEN = Path(__file__).parents[1] / 'data' / 'video_configs.py.xz'


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
    assert sorted(differences(frozen()[path.stem], load(path).to_dict())) == []


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
