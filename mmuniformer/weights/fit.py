"""A file's tensors in the shapes of a net: 2D weights inflated, positions resized."""

import re
from collections.abc import Mapping

from torch import Tensor

from .inflate import inflate
from .positions import RELATIVE_TABLE, resize_positions, resize_relative_table, square_grid
from .report import FileState
from .rules import Rules

_POSITIONS = 'positional_embedding'
_STEM = 'conv1.weight'  # of a ViT


def fit(state: FileState, wanted: Mapping[str, Tensor], rules: Rules) -> None:
    """Inflate and resize the tensors of ``state`` where ``wanted`` has another shape."""
    _inflate(state, wanted, rules)
    if _POSITIONS in state.tensors and _POSITIONS in wanted:
        _resize(state, wanted)


def _inflate(state: FileState, wanted: Mapping[str, Tensor], rules: Rules) -> None:
    for key, value in state.tensors.items():
        if key not in wanted or wanted[key].ndim != 5 or not re.match(rules.inflatable, key):
            continue
        if key == _STEM and value.ndim == 5 and value.shape[2] == 1 != wanted[key].shape[2]:
            value = value.squeeze(2)
        if value.ndim == 4:
            state.tensors[key] = inflate(value, wanted[key].shape[2], rules.inflation)
            state.inflated.append(key)


def _resize(state: FileState, wanted: Mapping[str, Tensor]) -> None:
    old = square_grid(len(state.tensors[_POSITIONS]) - 1)
    new = square_grid(len(wanted[_POSITIONS]) - 1)
    if old is None or new is None or old == new:
        return
    for key, value in state.tensors.items():
        if key == _POSITIONS:
            state.tensors[key] = resize_positions(value, old, new)
        elif key.endswith(RELATIVE_TABLE):
            state.tensors[key] = resize_relative_table(value, old, new)
        else:
            continue
        state.resized.append(key)
