"""RoIAlign, with the mean or the maximum of a bin (Mask R-CNN, section 3)."""

import torch
from torch import Tensor

from .common import c_float, nondeterminism_allowed, working_dtype
from .roi_grid import Bins, as_pixels, make_bins, neighbors, sample, sampling_points

__all__ = ['roi_align_backward', 'roi_align_forward']

_MAX, _LOWEST = 0, -10000.0  # the pool mode, and the initial value of mmcv's maximum


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Pool maps ``(B, C, H, W)`` in RoIs ``(K, 5)`` to ``output`` ``(K, C, height, width)``.

    ``pool_mode`` 0 takes the maximum of a bin, and writes its position to ``argmax_y`` and
    ``argmax_x`` like ``output``; 1 takes the mean.
    """
    dtype = working_dtype(input, rois, half=True)
    maps, rois, shape = input.to(dtype), rois.to(dtype), (aligned_height, aligned_width)
    if pool_mode == _MAX:
        bins = make_bins(rois, spatial_scale, shape, sampling_ratio, aligned)
        found = _largest(maps, rois[:, 0].long(), bins, shape)
        for target, values in zip((output, argmax_y, argmax_x), found, strict=True):
            target.copy_(values.permute(0, 3, 1, 2))
        return
    rois = _without_negative_sizes(rois, sampling_ratio, aligned)
    scale = c_float(spatial_scale)
    pool = torch.ops.torchvision.roi_align
    output.copy_(pool(maps, rois, scale, *shape, sampling_ratio, aligned))


def _largest(
    maps: Tensor, images: Tensor, bins: Bins, shape: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the largest sample of each bin ``(K, *shape, C)``, its y and its x, -1 for none."""
    best = maps.new_full((len(images), *shape, maps.shape[1]), _LOWEST)
    best_y, best_x = torch.full_like(best, -1), torch.full_like(best, -1)
    pixels = as_pixels(maps)
    for y, x, there in sampling_points(bins, shape):
        value = sample(pixels, images, y, x, maps.shape[2:])
        better = (value > best) & there[:, None, None, None]
        best = torch.where(better, value, best)
        best_y = torch.where(better, y[..., None], best_y)
        best_x = torch.where(better, x[..., None], best_x)
    return best, best_y, best_x


def _without_negative_sizes(rois: Tensor, sampling_ratio: int, aligned: bool) -> Tensor:
    """Make RoIs that end before they start empty: torchvision's grid fails for these alone."""
    if not aligned or sampling_ratio > 0:
        return rois
    return torch.cat([rois[:, :3], torch.maximum(rois[:, 1:3], rois[:, 3:])], 1)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the gradient of the maps to ``grad_input`` ``(B, C, H, W)``."""
    dtype = working_dtype(grad_output, rois, half=True)
    grad, rois = grad_output.to(dtype), rois.to(dtype)
    if pool_mode == _MAX:
        _scatter(grad, rois[:, 0].long(), argmax_y, argmax_x, grad_input)
        return
    rois = _without_negative_sizes(rois, sampling_ratio, aligned)
    scale, shape = c_float(spatial_scale), (aligned_height, aligned_width)
    with nondeterminism_allowed():
        spread = torch.ops.torchvision._roi_align_backward
        grad_input.copy_(
            spread(grad, rois, scale, *shape, *grad_input.shape, sampling_ratio, aligned)
        )


def _scatter(grad: Tensor, images: Tensor, y: Tensor, x: Tensor, grad_input: Tensor) -> None:
    """Add the gradient of each maximum to the four pixels it was interpolated from."""
    channels, *size = grad_input.shape[1:]
    planes = images[:, None] * channels + torch.arange(channels, device=images.device)
    first = planes[:, :, None, None] * (size[0] * size[1])
    total = grad.new_zeros(grad_input.numel())
    grad = grad * (y != -1)  # -1: a bin without a maximum
    for pixel, weight in neighbors(y, x, size):
        total.index_add_(0, (first + pixel).flatten(), (grad * weight).flatten())
    grad_input.copy_(total.view(grad_input.shape))
