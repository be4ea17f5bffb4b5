"""Classification heads of the released models and token labeling (Sec. 5.1), for mmpretrain.

The classes derive from mmpretrain's, which is imported when one of them is first used. Until then
the registries hold a function under each name that imports and builds the class.
"""

import importlib
from typing import Any

from ..registry import MODELS, TRANSFORMS, lazy_builder

_MODELS = {
    'HourglassClsHead': 'heads',
    'TokenLabelDataPreprocessor': 'data_preprocessor',
    'TokenLabelHead': 'heads',
    'UniFormerClsHead': 'heads',
}
_TRANSFORMS = {'LoadLabelMap': 'transforms', 'WithLabelMap': 'transforms'}
_OTHERS = {'MixToken': 'mix_token'}
_HOMES = {**_MODELS, **_TRANSFORMS, **_OTHERS}

__all__ = [
    'HourglassClsHead',
    'LoadLabelMap',
    'MixToken',
    'TokenLabelDataPreprocessor',
    'TokenLabelHead',
    'UniFormerClsHead',
    'WithLabelMap',
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)


for _registry, _names in ((MODELS, _MODELS), (TRANSFORMS, _TRANSFORMS)):
    for _name in _names:
        _registry.register_module(name=_name, module=lazy_builder(__name__, _name))
