"""Adapters to the toolboxes: names in their registries, and patches of faults they have today.

``patches``: what importing the package changes in other libraries, as one table; ``fallbacks``:
modules that toolboxes import and that may be missing; ``mmcv_ops``: mmcv's operators on
torchvision; ``mmaction2``: classes that derive from mmaction2's.
"""

from .. import registry
from . import mmaction2, patches


def register_all_modules() -> None:
    """Apply the patches, then register the bare names everywhere. Importing the package calls it.

    ``MMUNIFORMER_PATCHES=0`` leaves the patches out; the names are registered all the same.
    """
    patched = patches.are_enabled()
    if patched:
        patches.apply_patches()
    for each in registry.REGISTRIES:
        each.register_bare_names()
    mmaction2.register_bare_names(lazily=patched)
