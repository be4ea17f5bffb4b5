"""UniFormer and UniFormerV2 for mmpretrain, mmaction2, mmdet, mmsegmentation and mmpose.

Importing this package makes ``type='UniFormer'`` known to every toolbox that is installed.
"""

import importlib.util

if importlib.util.find_spec('mmengine') is None:
    raise ImportError('mmuniformer needs mmengine; pip install mmengine (or onedl-mmengine)')

from . import integrations
from .version import __version__

integrations.open_doors()

__all__ = ['__version__']
