"""Multi-scale deformable attention (Deformable DETR, Eq. 3)."""

import torch.nn.functional as F
from torch import Tensor

from .common import working_dtype, write_gradients

__all__ = ['ms_deform_attn_backward', 'ms_deform_attn_forward']


def ms_deform_attn_forward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    im2col_step: int,
) -> Tensor:
    """Return weighted samples of all levels, ``(B, queries, heads * D)``.

    ``value`` ``(B, N, heads, D)`` holds levels of shapes ``(levels, 2)`` (height, width) from the
    indices ``(levels,)`` on. Locations are ``(B, queries, heads, levels, points, 2)``, x and y in
    [0, 1], and weights the same without the last axis.
    """
    levels = _levels(value_spatial_shapes, value_level_start_index)
    return _attend(value, levels, sampling_locations, attention_weights).to(value.dtype)


def ms_deform_attn_backward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Write the gradients of values, locations and weights."""
    levels = _levels(value_spatial_shapes, value_level_start_index)
    write_gradients(
        lambda value, *rest: _attend(value, levels, *rest),
        (value, sampling_locations, attention_weights),
        grad_output,
        (grad_value, grad_sampling_loc, grad_attn_weight),
    )


def _levels(shapes: Tensor, starts: Tensor) -> list[tuple[int, int, int]]:
    """Return start, height and width of each level."""
    return [(start, *shape) for start, shape in zip(starts.tolist(), shapes.tolist(), strict=True)]


def _attend(
    value: Tensor, levels: list[tuple[int, int, int]], locations: Tensor, weights: Tensor
) -> Tensor:
    dtype = working_dtype(value, locations, weights)
    batch, _, heads, width = value.shape
    queries = locations.shape[1]
    grids = 2 * locations.to(dtype).transpose(1, 2).flatten(0, 1) - 1
    weights = weights.to(dtype).transpose(1, 2).flatten(0, 1)
    total = value.new_zeros(batch * heads, width, queries, dtype=dtype)
    for level, (start, h, w) in enumerate(levels):
        part = value[:, start : start + h * w].to(dtype)
        maps = part.permute(0, 2, 3, 1).reshape(batch * heads, width, h, w)
        samples = F.grid_sample(maps, grids[:, :, level], align_corners=False)
        total = total + (samples * weights[:, None, :, level]).sum(-1)
    return total.view(batch, heads * width, queries).transpose(1, 2).contiguous()
