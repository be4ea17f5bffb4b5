"""UniFormer and UniFormerV2 for mmpretrain, mmaction2, mmdet, mmsegmentation and mmpose.

Importing this package makes ``type='UniFormer'`` known to every toolbox that is installed. Networks
and toolboxes are imported when they are first used.
"""

import importlib
import importlib.util
import sys
from pathlib import PurePath
from typing import Any

from .version import __version__

__all__ = ['__version__']

_BACKBONES = ('UniFormer', 'UniFormer3D', 'UniFormerLight', 'UniFormerLight3D', 'UniFormerV2')
_SUBPACKAGES = ('engine', 'layers', 'models', 'token_labeling', 'visualization', 'weights')


def __getattr__(name: str) -> Any:
    if name in _BACKBONES:
        return getattr(importlib.import_module(f'{__name__}.models'), name)
    if name in _SUBPACKAGES:
        return importlib.import_module(f'{__name__}.{name}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def _runs_doctor() -> bool:
    """Whether this process is ``mmuniformer doctor``, which runs where the imports below fail."""
    if sys.argv[1:2] != ['doctor']:
        return False
    if sys.argv[0] == '-m':  # Python is still looking for the module to run
        return sys.orig_argv[-len(sys.argv)] == 'mmuniformer'
    return PurePath(sys.argv[0]).stem == 'mmuniformer'


if not _runs_doctor():
    if importlib.util.find_spec('mmengine') is None:
        raise ImportError('mmuniformer needs mmengine; pip install mmengine (or onedl-mmengine)')

    from . import integrations

    integrations.register_all_modules()
