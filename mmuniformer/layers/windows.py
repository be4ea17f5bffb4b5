"""Attention in windows of a map (UniFormer, Sec. 4.3).

``merge(partition(pad(x)))`` cropped to the size of ``x`` is ``x``.
"""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def windowed(
    attention: Callable[[Tensor], Tensor], x: Tensor, height: int, width: int, window_size: int
) -> Tensor:
    """Apply ``attention`` in each window of a map, given as tokens ``x`` ``(B, H·W, C)``.

    There is no shift and no relative position: DPE encodes positions, and global blocks connect
    the windows.
    """
    B, _, C = x.shape
    # The map is padded after the norm and without a mask: padded tokens take part in the softmax.
    # The released weights were trained this way; a mask would change every result.
    x = pad_to_windows(x.view(B, height, width, C), window_size)
    padded_height, padded_width = x.shape[1:3]
    x = attention(partition(x, window_size))
    x = merge(x, window_size, padded_height, padded_width)
    return x[:, :height, :width].reshape(B, height * width, C)


def pad_to_windows(x: Tensor, size: int) -> Tensor:
    """Zero-pad ``(B, H, W, C)`` at the bottom and right until ``size`` divides both sides."""
    H, W = x.shape[1:3]
    # Also with nothing to pad: a condition would cost torch.compile a graph per case.
    return F.pad(x, (0, 0, 0, -W % size, 0, -H % size))


def partition(x: Tensor, size: int) -> Tensor:
    """``(B, H, W, C)`` → ``(B · H/size · W/size, size², C)``, windows row by row."""
    B, H, W, C = x.shape
    x = x.view(B, H // size, size, W // size, size, C).transpose(2, 3)
    return x.reshape(-1, size * size, C)


def merge(windows: Tensor, size: int, height: int, width: int) -> Tensor:
    """The inverse of :func:`partition`: windows of a padded map → ``(B, height, width, C)``."""
    C = windows.shape[-1]
    x = windows.view(-1, height // size, width // size, size, size, C).transpose(2, 3)
    return x.reshape(-1, height, width, C)
