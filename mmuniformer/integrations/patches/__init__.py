"""Patches of other libraries, each for a fault they have today. :mod:`.table` lists them all.

Nothing on disk is changed, and a patch does something only if its fault is present.
"""

import importlib
import os

from .table import PATCHES, Patch

__all__ = ['PATCHES', 'Patch', 'apply_patches', 'are_enabled']


def are_enabled() -> bool:
    return os.environ.get('MMUNIFORMER_PATCHES') != '0'


def apply_patches() -> None:
    """Apply all patches that act when the package is imported, in the order of the table."""
    for patch in PATCHES:
        if patch.when == 'import':
            module, _, function = patch.function.rpartition('.')
            getattr(importlib.import_module(f'mmuniformer.integrations.{module}'), function)()
