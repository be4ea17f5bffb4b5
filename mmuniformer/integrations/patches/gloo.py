"""Distributed training through gloo on a machine without an accelerator."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import mmengine.dist.utils as dist_utils
import torch
from mmengine.device import is_cuda_available, is_mlu_available, is_musa_available, is_npu_available
from mmengine.logging import print_log

from .after_import import after_import


def use_gloo_on_cpu() -> None:
    """Make ``--launcher pytorch`` work without an accelerator.

    mmengine 0.10 calls ``torch.cuda.set_device`` for every backend, and gives
    DistributedDataParallel a device that is not there.
    """
    if getattr(dist_utils._init_dist_pytorch, 'patched_by_mmuniformer', False):
        return
    dist_utils._init_dist_pytorch = _with_gloo(dist_utils._init_dist_pytorch)
    after_import('mmengine.model.wrappers.distributed', _patch_wrapper)


def _patch_wrapper(module: ModuleType) -> None:
    cls = module.MMDistributedDataParallel
    cls.__init__ = _without_device(cls.__init__)


def _has_accelerator() -> bool:
    checks = (is_cuda_available, is_mlu_available, is_musa_available, is_npu_available)
    return any(is_available() for is_available in checks)


def _with_gloo(init_dist_pytorch: Callable) -> Callable:
    @functools.wraps(init_dist_pytorch)
    def patched(backend: str, init_backend: str = 'torch', **options: Any) -> None:
        if init_backend != 'torch' or _has_accelerator():
            init_dist_pytorch(backend, init_backend=init_backend, **options)
            return
        print_log(f'no accelerator found: the backend is gloo, not {backend}', 'current')
        torch.distributed.init_process_group(backend='gloo', **options)

    vars(patched)['patched_by_mmuniformer'] = True
    return patched


def _without_device(init: Callable) -> Callable:
    @functools.wraps(init)
    def patched(self: Any, module: Any, *args: Any, **options: Any) -> None:
        if not _has_accelerator():
            options.pop('device_ids', None)
        init(self, module, *args, **options)

    return patched
