"""The operators of mmcv twice in one process: compiled, where they are installed, and ours."""

import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import torch
from torch import Tensor

from mmuniformer.integrations.mmcv_ops import make_extension, serve_operators


@functools.cache
def served() -> ModuleType:
    return make_extension()


@functools.cache
def find_compiled() -> ModuleType | None:
    """Import mmcv's operators; return their compiled module if there is one that loads."""
    serve_operators()
    module = importlib.import_module('mmcv._ext')
    importlib.import_module('mmcv.ops')
    return None if hasattr(module, '__served_by__') else module


def require_compiled() -> ModuleType:
    """Return the compiled module, or skip the file that asks."""
    if (module := find_compiled()) is None:
        pytest.skip('mmcv has no compiled operators here to compare with', allow_module_level=True)
    return module


@contextlib.contextmanager
def operators_from(extension: ModuleType) -> Iterator[None]:
    """Have all of mmcv.ops call the operators of ``extension``."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith('mmcv.ops.') and hasattr(module, 'ext_module'):
                patch.setattr(module, 'ext_module', extension)
        yield


def strided(tensor: Tensor) -> Tensor:
    """Return the same numbers at every second place in memory."""
    return torch.stack([tensor, torch.zeros_like(tensor)], -1)[..., 0]


def run_with_gradients(
    extension: ModuleType, operator: Callable, tensors: tuple[Tensor, ...]
) -> tuple[Tensor, list[Tensor | None]]:
    """Return the output of an operator, and the gradients of its floating inputs."""
    leaves = [t.detach().requires_grad_(t.is_floating_point()) for t in tensors]
    with operators_from(extension):
        output = operator(*leaves)
        if not output.requires_grad:
            return output, []
        generator = torch.Generator().manual_seed(7)
        weights = torch.randn(output.shape, generator=generator, dtype=torch.float64)
        output.backward(weights.to(output.dtype))
    return output.detach(), [leaf.grad for leaf in leaves if leaf.requires_grad]


def assert_as_compiled(
    operator: Callable, *tensors: Tensor, tolerance: float = 1e-5, scattered: bool = False
) -> None:
    """Compare output and gradients; ours gets ``scattered`` memory if asked."""
    ours = tuple(strided(t) for t in tensors) if scattered else tensors
    expected = run_with_gradients(require_compiled(), operator, tensors)
    actual = run_with_gradients(served(), operator, ours)
    assert actual[0].dtype == expected[0].dtype
    near = dict(rtol=tolerance, atol=tolerance, equal_nan=True)
    torch.testing.assert_close(actual[0], expected[0], **near)
    assert len(actual[1]) == len(expected[1])
    for mine, theirs in zip(actual[1], expected[1], strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            torch.testing.assert_close(mine, theirs, **near)
