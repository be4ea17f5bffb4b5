"""mmcv's operators on torchvision and plain torch, for an mmcv that was installed without its own.

mmcv keeps its operators in a compiled module, ``mmcv._ext``. mmcv-lite comes without it, and a
compiled one loads only with the torch it was built for. The module served instead runs on every
device of torch and gives the results of the compiled operators.

``serve_operators`` installs an import hook that returns ``make_extension()`` for ``mmcv._ext`` if
no compiled module loads. No file here imports mmcv.
"""

from .extension import make_extension
from .finder import serve_operators

__all__ = ['make_extension', 'serve_operators']
