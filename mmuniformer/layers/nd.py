"""Convolutions and norms for maps of two or three dimensions.

With ``depthwise``, the only file that knows an image (B, C, H, W) from a clip (B, C, T, H, W).
Everything else passes ``ndim`` along: 2 or 3.
"""

from torch import nn

CONV = {2: nn.Conv2d, 3: nn.Conv3d}
BATCH_NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def extent(ndim: int, space: int, time: int) -> tuple[int, ...]:
    """Kernel, stride or padding that is ``space`` high and wide and, in a clip, ``time`` long."""
    return (time,) * (ndim - 2) + (space, space)


def batch_norm(ndim: int, channels: int) -> nn.Module:
    return BATCH_NORM[ndim](channels)


def pointwise(ndim: int, in_channels: int, out_channels: int) -> nn.Module:
    """1×1(×1) convolution: a linear layer over channels."""
    return CONV[ndim](in_channels, out_channels, 1)
