"""How the compiled operators treat numbers."""

import contextlib
import ctypes
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor


def c_float(number: float) -> float:
    """Round to single precision, as a ``float`` argument of a function in C does."""
    return ctypes.c_float(number).value


def working_dtype(*tensors: Tensor, half: bool = False) -> torch.dtype:
    """Return the precision to compute with: single for 16 bits, but ``half`` stays if allowed."""
    dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    if dtype == torch.float64 or (half and dtype == torch.float16):
        return dtype
    return torch.float32


@contextlib.contextmanager
def nondeterminism_allowed() -> Iterator[None]:
    """Warn, instead of raising, about operators that are not deterministic; mmcv is silent."""
    enabled = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    if not enabled or warns:
        yield
        return
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True)


def write_gradients(
    compute: Callable[..., Tensor],
    inputs: Sequence[Tensor],
    grad_output: Tensor,
    targets: Sequence[Tensor],
) -> None:
    """Compute an output again and write the gradients of its inputs to ``targets``.

    The target of an input that the output does not depend on stays as it is.
    """
    leaves = [tensor.detach().requires_grad_() for tensor in inputs]
    with torch.enable_grad(), nondeterminism_allowed():
        output = compute(*leaves)
        grads = torch.autograd.grad(output, leaves, grad_output.to(output.dtype), allow_unused=True)
    for target, grad in zip(targets, grads, strict=True):
        if grad is not None:
            target.copy_(grad)
