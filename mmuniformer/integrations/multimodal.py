"""mmpretrain and mmaction2 beside a transformers that their multimodal models do not go with.

Both import these models wherever transformers is installed, and names that it has moved since end
their import, with it that of every other model, and that of mmdet and mmsegmentation, which import
mmpretrain.
"""

import importlib
import importlib.abc
import importlib.metadata
import sys
from typing import Any

from mmengine.logging import print_log
from mmengine.utils import digit_version

# Toolbox → the transformers from which on its multimodal models do not import.
_TOO_NEW = {'mmpretrain': '4.52', 'mmaction': '4.56'}
_LAST = '1.2.0'  # version of both toolboxes with that fault
_PARTS = ('models', 'datasets')  # packages that look whether there is a transformers


def leave_out_multimodal() -> None:
    """Have both toolboxes leave out what they cannot import, as they do without transformers."""
    if not any(isinstance(finder, _BeforeParts) for finder in sys.meta_path):
        sys.meta_path.insert(0, _BeforeParts())


class _BeforeParts(importlib.abc.MetaPathFinder):
    """First in line of the import system: finds nothing, and sees what will be imported next."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        toolbox, _, part = name.partition('.')
        if toolbox in _TOO_NEW and part in _PARTS:
            _check(toolbox)


def _check(toolbox: str) -> None:
    try:
        dependency = importlib.import_module(f'{toolbox}.utils.dependency')
    except ModuleNotFoundError:
        return  # an older one, without multimodal models
    if not dependency.WITH_MULTIMODAL:
        return
    limit, found = _TOO_NEW[toolbox], importlib.metadata.version('transformers')
    version = sys.modules[toolbox].__version__
    if digit_version(found) < digit_version(limit) or digit_version(version) > digit_version(_LAST):
        return
    dependency.WITH_MULTIMODAL = False
    print_log(
        f'multimodal models of {toolbox} {version} need transformers<{limit} and are left out '
        f'beside {found}; everything else works',
        'current',
    )
