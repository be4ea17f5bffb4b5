"""UniFormer and UniFormerV2 for mmpretrain, mmaction2, mmdet, mmsegmentation and mmpose.

Importing this package makes ``type='UniFormer'`` known to every toolbox that is installed.
"""

import importlib.util
import sys
from pathlib import PurePath

from .version import __version__

__all__ = ['__version__']


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

    integrations.open_doors()
