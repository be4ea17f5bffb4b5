"""Import hook for ``mmcv._ext``: the compiled module if it loads, ours otherwise."""

import importlib.abc
import importlib.machinery
import logging
import sys
from types import ModuleType
from typing import Any

from mmengine.logging import print_log

from .extension import NAME, make_extension


def serve_operators() -> None:
    """Serve ``mmcv._ext`` if mmcv has none that loads. Imports neither mmcv nor torchvision."""
    if not any(isinstance(finder, _ExtensionFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _ExtensionFinder())


class _ExtensionFinder(importlib.abc.MetaPathFinder):
    """Finds ``mmcv._ext`` and nothing else."""

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != NAME:
            return None
        compiled = importlib.machinery.PathFinder.find_spec(name, path)
        if compiled is None or compiled.loader is None:
            return importlib.machinery.ModuleSpec(name, _ServingLoader(), origin=__package__)
        compiled.loader = _FallbackLoader(compiled, compiled.loader)
        return compiled


class _ServingLoader(importlib.abc.Loader):
    """Loads the operators of this package."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return make_extension()

    def exec_module(self, module: ModuleType) -> None:
        pass  # create_module has filled it


class _FallbackLoader(importlib.abc.Loader):
    """Loads a compiled module, or the operators of this package if that fails."""

    def __init__(self, spec: importlib.machinery.ModuleSpec, loader: Any):
        self._spec = spec
        self._loader = loader
        self._served: ModuleType | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        try:
            return self._loader.create_module(spec)
        except (ImportError, OSError) as error:
            self._served = _serve_instead(spec, error)
            return self._served

    def exec_module(self, module: ModuleType) -> None:
        spec = self._spec
        if self._served is None:
            try:
                self._loader.exec_module(module)
            except (ImportError, OSError) as error:
                self._served = _serve_instead(spec, error)
        if self._served is None:
            # The module is the same as without this loader.
            spec.loader = module.__loader__ = self._loader
            return
        served, loader = self._served, _ServingLoader()
        served.__spec__ = importlib.machinery.ModuleSpec(spec.name, loader, origin=__package__)
        served.__loader__ = loader
        vars(served).pop('__file__', None)  # of the file that does not load
        sys.modules[spec.name] = served  # what the import system returns


def _serve_instead(spec: importlib.machinery.ModuleSpec, error: Exception) -> ModuleType:
    module = make_extension()
    reason = ' '.join(str(error).split())
    print_log(
        f'{spec.origin} does not load ({reason}): mmuniformer serves the operators of mmcv instead',
        'current',
        level=logging.WARNING,
    )
    return module
