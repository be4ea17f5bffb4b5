"""The import system's last finder, which serves modules that no other finder has found."""

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


def install_fallbacks(modules: dict[str, Fill]) -> None:
    """Make modules importable that would not be found otherwise.

    Args:
        modules: full name of each module → the function that fills it.
    """
    finder = next((each for each in sys.meta_path if isinstance(each, _FallbackFinder)), None)
    if finder is None:
        finder = _FallbackFinder()
        sys.meta_path.append(finder)
    finder.fills.update(modules)


def copy_from(source: str, *names: str) -> Fill:
    """Return a function that copies ``names`` of the module ``source`` into another module.

    Without names, all in ``__all__`` of ``source``, which is imported when the other module is.
    """

    def fill(module: ModuleType) -> None:
        ours = importlib.import_module(source, __package__)
        vars(module).update({name: getattr(ours, name) for name in names or ours.__all__})

    return fill


def define(**contents: Any) -> Fill:
    """Return a function that puts ``contents`` into a module; without any, it stays empty."""
    return lambda module: vars(module).update(contents)


class _FallbackFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Last finder of the import system: asked only if the real module is not there."""

    def __init__(self) -> None:
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
