"""Modules that toolboxes import and that are missing, be it from PyPI, Python or a wheel."""

import importlib
import importlib.abc
import importlib.machinery
import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

Fill = Callable[[ModuleType], None]  # puts the contents into a new module
_LOG = logging.getLogger('mmuniformer')


def serve(modules: dict[str, Fill]) -> None:
    """Make modules importable that would not be found otherwise; one that is found stays as it is.

    Args:
        modules: full name of each module → the function that fills it.
    """
    finder = next((each for each in sys.meta_path if isinstance(each, _StandIns)), None)
    if finder is None:
        finder = _StandIns()
        sys.meta_path.append(finder)
    finder.fills.update(modules)


def copy_of(source: str, *names: str) -> Fill:
    """Fill a module with ``names`` of ``source``, a file of this folder, once it is imported.

    All that is in its ``__all__`` if no names are given.
    """

    def fill(module: ModuleType) -> None:
        ours = importlib.import_module(f'.{source}', __package__)
        vars(module).update({name: getattr(ours, name) for name in names or ours.__all__})

    return fill


def fill_nothing(module: ModuleType) -> None:
    """Leave a module empty: a package whose modules are what is used."""


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Last in line of the import system: asked only if the real module is not there."""

    def __init__(self):
        self.fills: dict[str, Fill] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.fills:
            return None
        is_package = any(other.startswith(f'{name}.') for other in self.fills)
        return importlib.machinery.ModuleSpec(
            name, self, origin='served by mmuniformer', is_package=is_package
        )

    def exec_module(self, module: ModuleType) -> None:
        self.fills[module.__name__](module)
        _LOG.info('%s is not installed; mmuniformer serves it', module.__name__)
