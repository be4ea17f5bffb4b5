"""Forks of toolboxes, whose distributions have other names than those mmengine looks for."""

import functools
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

# Distributions that a fork replaces under another name → the module that both install.
_FORKED = {'mmsegmentation': 'mmseg', 'mmaction2': 'mmaction'}


def find_forks() -> None:
    """Let bases such as ``mmseg::_base_/…`` be found in forks.

    mmengine looks for a toolbox by the name of its distribution, and then for a module of that
    name.
    """
    forked = {name: module for name, module in _FORKED.items() if _is_fork(name, module)}
    if not forked:
        return
    for name in ('is_installed', 'get_installed_path'):
        stock = getattr(sys.modules['mmengine.utils'], name)
        if getattr(stock, 'patched_by_mmuniformer', False):
            return
        patched = _by_module(stock, forked)
        for module in [m for key, m in sys.modules.items() if key.partition('.')[0] == 'mmengine']:
            if getattr(module, name, None) is stock:
                setattr(module, name, patched)


def _is_fork(distribution: str, module: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return importlib.util.find_spec(module) is not None
    return False


def _by_module(stock: Callable, modules: dict[str, str]) -> Callable:
    @functools.wraps(stock)
    def patched(package: str) -> Any:
        return stock(modules.get(package, package))

    vars(patched)['patched_by_mmuniformer'] = True
    return patched
