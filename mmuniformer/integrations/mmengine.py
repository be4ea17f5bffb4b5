"""mmengine: bare names for every toolbox, and its repairs."""

import functools
import importlib.metadata
import importlib.util
import logging
import sys
from collections.abc import Callable
from typing import Any

import mmengine.dist.utils as dist_utils
import numpy as np
import torch
from mmengine.device import is_cuda_available, is_mlu_available, is_musa_available, is_npu_available
from mmengine.logging import HistoryBuffer, print_log
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import (
    HOOKS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    TRANSFORMS,
)
from torch import nn

from .. import registry

_LOG = logging.getLogger('mmuniformer')


def register_bare_names() -> None:
    """Put all we register into mmengine's root registries, where every toolbox looks last.

    mmaction2 has classes of its own under two of these names and finds those first.
    """
    for ours, root in (
        (registry.MODELS, MODELS),
        (registry.TRANSFORMS, TRANSFORMS),
        (registry.HOOKS, HOOKS),
        (registry.OPTIM_WRAPPERS, OPTIM_WRAPPERS),
        (registry.OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPER_CONSTRUCTORS),
    ):
        ours.import_from_location()
        for name, cls in ours.module_dict.items():
            if root.get(name) is not cls:
                root.register_module(name=name, module=cls)


def allow_its_checkpoints() -> None:
    """Let PyTorch ≥ 2.6 read the training checkpoints of mmengine 0.10, safely.

    They hold the log's history and arrays, whose classes ``torch.load`` refuses by default. These
    classes alone go on its allow-list; the check itself stays on.
    """
    serialization = torch.serialization
    if not hasattr(serialization, 'get_safe_globals'):
        return  # before PyTorch 2.5 everything in a file was allowed
    HistoryBuffer()  # the table of its statistics is empty until the first one is made
    array, scalar = np.zeros(1), np.float64(0)
    reconstruct, make_scalar = array.__reduce__()[0], scalar.__reduce__()[0]
    # An array without elements holds bytes: mmpose's colors of a skeleton without links.
    classes = {HistoryBuffer, np.ndarray, np.dtype, bytes}
    classes |= {type(np.dtype(code)) for code in '?bBhHiIlLqQefdgFD'}
    # With their names: a fork of mmengine adds the classes themselves for each file that it reads,
    # and takes them off the list again afterwards.
    allowed: list[Any] = [(cls, f'{cls.__module__}.{cls.__qualname__}') for cls in classes]
    allowed.append((_history_statistic, 'builtins.getattr'))
    # NumPy 2 moved numpy.core to numpy._core; a file may come from either side.
    for package in ('numpy.core', 'numpy._core'):
        allowed.append((reconstruct, f'{package}.multiarray._reconstruct'))
        allowed.append((make_scalar, f'{package}.multiarray.scalar'))
    serialization.add_safe_globals(allowed)
    _LOG.info("mmengine's history buffers are on torch.load's allow-list")


def _history_statistic(owner: type, name: str) -> Any:
    """Stand in for ``getattr`` while unpickling: serves the statistics of a HistoryBuffer alone."""
    if owner is HistoryBuffer and name in HistoryBuffer._statistics_methods:
        return HistoryBuffer._statistics_methods[name]
    raise ValueError(f'a checkpoint asks for attribute {name!r} of {owner!r}, which is not allowed')


# Distributions that a fork replaces under another name → the module that both install.
_FORKED = {'mmsegmentation': 'mmseg', 'mmaction2': 'mmaction'}


def find_forks() -> None:
    """Let bases such as ``mmseg::_base_/…`` be found in forks, which have other names.

    mmengine looks for a toolbox by the name of its distribution, and then for a module of that very
    name.
    """
    forked = {name: module for name, module in _FORKED.items() if _is_fork(name, module)}
    if not forked:
        return
    for name in ('is_installed', 'get_installed_path'):
        stock = getattr(sys.modules['mmengine.utils'], name)
        if getattr(stock, 'repaired_by_mmuniformer', False):
            return
        repaired = _by_module(stock, forked)
        for module in [m for key, m in sys.modules.items() if key.partition('.')[0] == 'mmengine']:
            if getattr(module, name, None) is stock:
                setattr(module, name, repaired)


def _is_fork(distribution: str, module: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return importlib.util.find_spec(module) is not None
    return False


def _by_module(stock: Callable, modules: dict[str, str]) -> Callable:
    @functools.wraps(stock)
    def repaired(package: str) -> Any:
        return stock(modules.get(package, package))

    repaired.repaired_by_mmuniformer = True
    return repaired


def let_cpu_processes_talk() -> None:
    """Make ``--launcher pytorch`` work on a machine without an accelerator, through gloo.

    mmengine 0.10 calls ``torch.cuda.set_device`` whatever the backend, and gives
    DistributedDataParallel a device that is not there.
    """
    if getattr(dist_utils._init_dist_pytorch, 'repaired_by_mmuniformer', False):
        return
    dist_utils._init_dist_pytorch = _with_gloo(dist_utils._init_dist_pytorch)
    MMDistributedDataParallel.__init__ = _without_device(MMDistributedDataParallel.__init__)


def _has_accelerator() -> bool:
    checks = (is_cuda_available, is_mlu_available, is_musa_available, is_npu_available)
    return any(is_available() for is_available in checks)


def _with_gloo(init_dist_pytorch: Callable) -> Callable:
    @functools.wraps(init_dist_pytorch)
    def repaired(backend: str, init_backend: str = 'torch', **options: Any) -> None:
        if init_backend != 'torch' or _has_accelerator():
            init_dist_pytorch(backend, init_backend=init_backend, **options)
            return
        print_log(f'no accelerator found: processes talk through gloo, not {backend}', 'current')
        torch.distributed.init_process_group(backend='gloo', **options)

    repaired.repaired_by_mmuniformer = True
    return repaired


def _without_device(init: Callable) -> Callable:
    @functools.wraps(init)
    def repaired(self: MMDistributedDataParallel, module: nn.Module, *args: Any, **options: Any):
        if not _has_accelerator():
            options.pop('device_ids', None)
        init(self, module, *args, **options)

    return repaired
