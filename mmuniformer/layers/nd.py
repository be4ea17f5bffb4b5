"""Convolutions and norms for maps of two dimensions (B, C, H, W) or three (B, C, T, H, W).

The dimension of a net is one number, ``ndim``, which everything else passes along.
"""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

Kernel = int | tuple[int, ...]
Conv = nn.Conv2d | nn.Conv3d
Layer = nn.Linear | Conv

CONV: dict[int, Callable[..., Conv]] = {2: nn.Conv2d, 3: nn.Conv3d}
BATCH_NORM: dict[int, Callable[[int], _BatchNorm]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def kernel_nd(ndim: int, space: int, time: int) -> tuple[int, ...]:
    """Kernel size, stride or padding: ``time`` (clips only), then ``space`` twice."""
    return (time,) * (ndim - 2) + (space, space)


def same_padding(kernel_size: Kernel) -> Any:
    """Padding that keeps the size of the map; even kernels raise a ValueError."""
    sizes = (kernel_size,) if isinstance(kernel_size, int) else kernel_size
    if any(size % 2 == 0 for size in sizes):
        raise ValueError(f'kernel_size {kernel_size} is even; give odd sizes')
    return kernel_size // 2 if isinstance(kernel_size, int) else tuple(s // 2 for s in sizes)


def batch_norm(ndim: int, channels: int) -> _BatchNorm:
    return BATCH_NORM[ndim](channels)


def pointwise(ndim: int, in_channels: int, out_channels: int) -> Conv:
    """1×1(×1) convolution: a linear layer over channels."""
    return CONV[ndim](in_channels, out_channels, 1)


class Depthwise2d(nn.Conv2d):
    """Depthwise convolution of ``(B, C, H, W)``; zero padding keeps the size of the map."""

    def __init__(self, dim: int, kernel_size: int | tuple[int, int]):
        super().__init__(dim, dim, kernel_size, padding=same_padding(kernel_size), groups=dim)


class Depthwise3d(nn.Conv3d):
    """Depthwise convolution of ``(B, C, T, H, W)``; zero padding keeps the size of the map."""

    def __init__(self, dim: int, kernel_size: int | tuple[int, int, int]):
        super().__init__(dim, dim, kernel_size, padding=same_padding(kernel_size), groups=dim)


DEPTHWISE: dict[int, Callable[..., Conv]] = {2: Depthwise2d, 3: Depthwise3d}
