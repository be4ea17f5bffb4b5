"""Learned positions of a ViT, resized for another resolution."""

import torch
import torch.nn.functional as F
from torch import Tensor

Grid = tuple[int, int]
RELATIVE_TABLE = 'relative_position_bias_table'


def _resize(rows: Tensor, old: Grid, new: Grid) -> Tensor:
    maps = rows.float().T.reshape(1, -1, *old)
    maps = F.interpolate(maps, new, mode='bicubic', align_corners=False)
    return maps.flatten(2)[0].T.to(rows.dtype)


def resize_positions(positions: Tensor, old: Grid, new: Grid) -> Tensor:
    """Bicubic resizing of ``(1 + N, C)``, class token first, from ``old`` to ``new`` patches.

    If the grids are the same, so is the tensor.
    """
    if old == new:
        return positions
    return torch.cat([positions[:1], _resize(positions[1:], old, new)])


def resize_relative_table(table: Tensor, old: Grid, new: Grid) -> Tensor:
    """Resize BEiT's table of displacements; its last three rows are of the class token."""
    if old == new:
        return table
    old, new = ((2 * height - 1, 2 * width - 1) for height, width in (old, new))
    return torch.cat([_resize(table[:-3], old, new), table[-3:]])


def square_grid(positions: int) -> Grid | None:
    """Rows and columns of that many patches, or ``None`` if they are no square."""
    side = round(positions**0.5)
    return (side, side) if side > 0 and side * side == positions else None
