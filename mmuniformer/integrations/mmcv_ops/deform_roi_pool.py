"""RoIAlign whose bins are moved (deformable RoI pooling, DCN, section 2.2)."""

import torch
from torch import Tensor

from .common import c_float, working_dtype, write_gradients
from .roi_grid import as_pixels, make_bins, sample, sampling_points

__all__ = ['deform_roi_pool_backward', 'deform_roi_pool_forward']


def deform_roi_pool_forward(
    input: Tensor,
    rois: Tensor,
    offset: Tensor,
    output: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    gamma: float,
) -> None:
    """Write the mean of each bin of RoIs ``(K, 5)`` to ``output`` ``(K, C, height, width)``.

    ``offset`` ``(K, 2, height, width)`` moves the bins by x and y, in ``gamma`` widths and heights
    of the RoI; an empty one moves nothing.
    """
    shape = (pooled_height, pooled_width)
    output.copy_(_pool(input, rois, offset, shape, spatial_scale, sampling_ratio, gamma))


def _pool(
    maps: Tensor,
    rois: Tensor,
    offset: Tensor,
    shape: tuple[int, int],
    scale: float,
    sampling_ratio: int,
    gamma: float,
) -> Tensor:
    dtype = working_dtype(maps, rois)
    maps, rois, offset = maps.to(dtype), rois.to(dtype), offset.to(dtype)
    bins = make_bins(rois, scale, shape, sampling_ratio, aligned=True)
    moved = None
    if offset.numel():
        by_x, by_y = (c_float(gamma) * offset).unbind(1)
        moved = (by_y * bins.height[:, None, None], by_x * bins.width[:, None, None])
    total = maps.new_zeros(len(rois), *shape, maps.shape[1])
    images, pixels = rois[:, 0].long(), as_pixels(maps)
    for y, x, there in sampling_points(bins, shape, moved):
        value = sample(pixels, images, y, x, maps.shape[2:])
        total = total + torch.where(there[:, None, None, None], value, 0)
    count = (bins.rows * bins.columns).clamp(min=1)
    return (total / count[:, None, None, None]).permute(0, 3, 1, 2)


def deform_roi_pool_backward(
    grad_output: Tensor,
    input: Tensor,
    rois: Tensor,
    offset: Tensor,
    grad_input: Tensor,
    grad_offset: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    gamma: float,
) -> None:
    """Write the gradients of the maps and of the offsets."""
    shape = (pooled_height, pooled_width)
    write_gradients(
        lambda maps, moves: _pool(maps, rois, moves, shape, spatial_scale, sampling_ratio, gamma),
        (input, offset),
        grad_output,
        (grad_input, grad_offset),
    )
