"""Cutting a map into windows and putting it together again (UniFormer, Sec. 4.3).

``merge(partition(pad(x)))`` cropped to the size of ``x`` is ``x`` itself.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_to_windows(x: Tensor, size: int) -> Tensor:
    """Zero-pad ``(B, H, W, C)`` at the bottom and right until ``size`` divides both sides."""
    H, W = x.shape[1:3]
    bottom, right = -H % size, -W % size
    # Whether there is something to pad is no question for a graph that serves many sizes.
    if torch.compiler.is_compiling() or bottom or right:
        return F.pad(x, (0, 0, 0, right, 0, bottom))
    return x


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
