"""Change a module as soon as it has been imported, and not before."""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

Action = Callable[[ModuleType], None]


def after_import(name: str, action: Action) -> None:
    """Call ``action`` with the module ``name``, now if it is imported, else after its import."""
    if name in sys.modules:
        action(sys.modules[name])
        return
    finder = next((each for each in sys.meta_path if isinstance(each, _ImportHook)), None)
    if finder is None:
        finder = _ImportHook()
        sys.meta_path.insert(0, finder)
    finder.actions[name] = action


class _ImportHook(importlib.abc.MetaPathFinder):
    """First finder of the import system: wraps the loaders of some modules, finds none itself."""

    def __init__(self) -> None:
        self.actions: dict[str, Action] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        action = self.actions.pop(name, None)
        if action is None:
            return None
        spec = importlib.util.find_spec(name)  # by the finders after this one
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            load(module)
            action(module)

        loader.exec_module = exec_module
        return spec
