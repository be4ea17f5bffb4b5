"""RoIPool as mmcv defines it (Fast R-CNN, section 2.1)."""

import torch
from torch import Tensor

from .common import c_float, working_dtype
from .roi_grid import as_pixels

__all__ = ['roi_pool_backward', 'roi_pool_forward']


def roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Write the maximum of each bin to ``output`` ``(K, C, height, width)``.

    A RoI ``(K, 5)`` covers its last pixel, and its bins are not rounded before they are scaled, as
    torchvision's are. ``argmax`` gets the pixel of the maximum in ``H * W``, -1 for an empty bin.
    """
    height, width = input.shape[2:]
    rois = rois.to(working_dtype(rois))
    scale = c_float(spatial_scale)
    start, end = rois[:, 1:3] * scale, (rois[:, 3:] + 1) * scale
    proper = ((end - start) > 0).all(1)[:, None]
    x1, x2 = _edges(start[:, 0], end[:, 0], pooled_width, width)
    y1, y2 = _edges(start[:, 1], end[:, 1], pooled_height, height)
    y1, y2 = torch.where(proper, y1, 0), torch.where(proper, y2, 0)
    rows, columns = y2 - y1, x2 - x1
    images, pixels = rois[:, 0].long(), as_pixels(input)
    shape = (len(rois), pooled_height, pooled_width, input.shape[1])
    best = input.new_full(shape, torch.finfo(input.dtype).min)
    place = torch.full(shape, -1, device=input.device)
    for i in range(_largest(rows)):
        for j in range(_largest(columns)):
            there = (i < rows)[:, :, None] & (j < columns)[:, None, :]
            pixel = (y1 + i)[:, :, None] * width + (x1 + j)[:, None, :]
            value = pixels[torch.where(there, images[:, None, None] * height * width + pixel, 0)]
            better = (value > best) & there[..., None]
            best = torch.where(better, value, best)
            place = torch.where(better, pixel[..., None], place)
    empty = (rows <= 0)[:, :, None] | (columns <= 0)[:, None, :]
    output.copy_(best.masked_fill(empty[..., None], 0).permute(0, 3, 1, 2))
    argmax.copy_(place.permute(0, 3, 1, 2))


def _edges(start: Tensor, end: Tensor, bins: int, limit: int) -> tuple[Tensor, Tensor]:
    """Return the first pixel ``(K, bins)`` of each bin along one axis, and its end, exclusive."""
    step = ((end - start) / bins)[:, None]
    number = torch.arange(bins, device=start.device)
    first = (number * step + start[:, None]).floor()
    end = ((number + 1) * step + start[:, None]).ceil()
    return first.clamp(0, limit).long(), end.clamp(0, limit).long()


def _largest(counts: Tensor) -> int:
    return int(counts.max()) if counts.numel() else 0


def roi_pool_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax: Tensor,
    grad_input: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Write the gradient of the maps to ``grad_input`` ``(B, C, H, W)``."""
    channels, height, width = grad_input.shape[1:]
    planes = rois[:, :1].long() * channels + torch.arange(channels, device=rois.device)
    pixel = planes[:, :, None, None] * (height * width) + argmax
    total = grad_output.new_zeros(grad_input.numel())
    found = argmax != -1
    total.index_add_(0, torch.where(found, pixel, 0).flatten(), (grad_output * found).flatten())
    grad_input.copy_(total.view(grad_input.shape))
