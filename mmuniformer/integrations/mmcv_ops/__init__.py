"""mmcv's operators on torchvision and plain torch, for an mmcv that was installed without its own.

mmcv keeps its operators in a compiled module, ``mmcv._ext``. mmcv-lite comes without that module,
and a compiled one loads beside the torch it was built for alone. What this room serves in its place
runs on every device torch knows, and answers as the compiled operators do.

``serve_operators`` puts a finder in place that hands out ``make_extension`` for ``mmcv._ext`` where
nothing better can be loaded. No file here imports mmcv.
"""

from .extension import make_extension
from .finder import serve_operators

__all__ = ['make_extension', 'serve_operators']
