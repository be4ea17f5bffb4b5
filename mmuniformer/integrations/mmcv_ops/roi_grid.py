"""Sampling of feature maps in the bins of regions of interest (RoIs)."""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from .common import c_float


class Bins(NamedTuple):
    """Upper left corners and sizes of ``K`` RoIs in pixels, and the points to sample in a bin."""

    y: Tensor
    x: Tensor
    height: Tensor
    width: Tensor
    rows: Tensor
    columns: Tensor


def make_bins(
    rois: Tensor, scale: float, shape: tuple[int, int], sampling_ratio: int, aligned: bool
) -> Bins:
    """Lay ``shape`` bins over RoIs ``(K, 5)`` (image, x1, y1, x2, y2) (Mask R-CNN, section 3).

    ``aligned`` takes half a pixel off all coordinates; without, a RoI is at least one pixel wide
    and high. With a ``sampling_ratio`` of 0 or less there is a point per pixel and direction.
    """
    x1, y1, x2, y2 = (rois[:, 1:] * c_float(scale) - (0.5 if aligned else 0.0)).unbind(1)
    height, width = y2 - y1, x2 - x1
    if not aligned:
        height, width = height.clamp(min=1), width.clamp(min=1)
    if sampling_ratio > 0:
        rows = columns = torch.full_like(x1, sampling_ratio)
    else:
        # mmcv rounds up in single precision, whatever the RoIs are in.
        rows, columns = (height / shape[0]).float().ceil(), (width / shape[1]).float().ceil()
    return Bins(y1, x1, height, width, rows.to(x1.dtype), columns.to(x1.dtype))


def sampling_points(
    bins: Bins, shape: tuple[int, int], moved: tuple[Tensor, Tensor] | None = None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield y and x ``(K, *shape)`` of the next point of all bins, and which RoIs have it ``(K,)``.

    ``moved`` is added to the coordinates of the bins, y and x ``(K, *shape)``.
    """
    if len(bins.y) == 0:
        return
    rows, columns = int(bins.rows.max()), int(bins.columns.max())
    for i in range(rows):
        y = _positions(bins.y, bins.height, bins.rows, i, shape[0])[:, :, None]
        for j in range(columns):
            x = _positions(bins.x, bins.width, bins.columns, j, shape[1])[:, None, :]
            there = (bins.rows > i) & (bins.columns > j)
            dy, dx = moved or (torch.zeros_like(x), torch.zeros_like(y))
            yield y + dy, x + dx, there


def _positions(start: Tensor, size: Tensor, points: Tensor, i: int, bins: int) -> Tensor:
    """Return the ``i``-th coordinate ``(K, bins)`` in each bin along one axis."""
    step = (size / bins)[:, None]
    first = start[:, None] + torch.arange(bins, device=start.device) * step
    return first + (i + 0.5) * step / points[:, None]


def as_pixels(maps: Tensor) -> Tensor:
    """Return maps ``(B, C, H, W)`` as ``(B * H * W, C)``."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def neighbors(y: Tensor, x: Tensor, size: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the four pixels around each point of a map of ``size``, and their weights.

    A pixel is the index into ``H * W``. Up to one pixel outside, the border counts as if the map
    went on with it; points beyond have weights of 0.
    """
    height, width = size
    inside = (y >= -1) & (y <= height) & (x >= -1) & (x <= width)
    # A coordinate may be NaN, which is no index.
    y = torch.where(inside, y, torch.zeros_like(y)).clamp(0, height - 1)
    x = torch.where(inside, x, torch.zeros_like(x)).clamp(0, width - 1)
    top, left = y.detach().floor(), x.detach().floor()
    down, right = y - top, x - left
    top, left = top.long(), left.long()
    bottom, far = (top + 1).clamp(max=height - 1), (left + 1).clamp(max=width - 1)
    up, back = 1 - down, 1 - right
    yield top * width + left, up * back * inside
    yield top * width + far, up * right * inside
    yield bottom * width + left, down * back * inside
    yield bottom * width + far, down * right * inside


def sample(pixels: Tensor, images: Tensor, y: Tensor, x: Tensor, size: Sequence[int]) -> Tensor:
    """Return the values ``(K, *S, C)`` of maps at points ``(K, *S)``, of an image ``(K,)`` each."""
    first = (images * (size[0] * size[1])).view(-1, *[1] * (y.dim() - 1))
    parts = (weight[..., None] * pixels[first + pixel] for pixel, weight in neighbors(y, x, size))
    return reduce(torch.add, parts)
