"""Multimodal models of mmpretrain and mmaction2 beside a newer transformers.

Both toolboxes import these models if transformers is installed. Names that transformers has moved
since then end the import of the toolbox, and that of mmdet and mmsegmentation, which import
mmpretrain.
"""

import importlib
import importlib.abc
import importlib.metadata
import sys
from typing import Any

from mmengine.logging import print_log
from mmengine.utils import digit_version

from .table import TRANSFORMERS_LIMITS, find_transformers_limit

_SUBPACKAGES = ('models', 'datasets')  # those that look for transformers


def skip_multimodal_models() -> None:
    """Have both toolboxes skip the models they cannot import, as they do without transformers."""
    if not any(isinstance(finder, _ImportGuard) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ImportGuard())


class _ImportGuard(importlib.abc.MetaPathFinder):
    """First finder of the import system: acts before a subpackage is imported, and finds none."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        toolbox, _, subpackage = name.partition('.')
        if toolbox in TRANSFORMERS_LIMITS and subpackage in _SUBPACKAGES:
            _check(toolbox)


def _check(toolbox: str) -> None:
    try:
        dependency: Any = importlib.import_module(f'{toolbox}.utils.dependency')
    except ModuleNotFoundError:
        return  # an older one, without multimodal models
    if not dependency.WITH_MULTIMODAL:
        return
    version = sys.modules[toolbox].__version__
    limit = find_transformers_limit(toolbox, version)
    found = importlib.metadata.version('transformers')
    if limit is None or digit_version(found) < limit:
        return
    dependency.WITH_MULTIMODAL = False
    first = '.'.join(map(str, limit))
    print_log(
        f'multimodal models of {toolbox} {version} need transformers<{first} and are left out '
        f'beside {found}; everything else works',
        'current',
    )
