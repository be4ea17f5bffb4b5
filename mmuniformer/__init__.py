"""UniFormer and UniFormerV2 for mmpretrain, mmaction2, mmdet, mmsegmentation and mmpose.

Importing this package makes ``type='UniFormer'`` known to every toolbox that is installed.
"""

from . import integrations
from .version import __version__

integrations.open_doors()

__all__ = ['__version__']
