"""How the compiled operators treat numbers."""

import contextlib
import ctypes
from collections.abc import Iterator

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
    """Turn an error for an operator that adds in any order into a warning; mmcv's say nothing."""
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
