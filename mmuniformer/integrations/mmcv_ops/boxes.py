"""Overlaps of upright and of rotated boxes."""

import torch
from torch import Tensor

from .common import working_dtype

__all__ = ['bbox_overlaps', 'box_iou_rotated']

_PAIRS = 1 << 17  # pairs of rotated boxes at a time: some 100 MB


def bbox_overlaps(
    bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode: int, aligned: bool, offset: int
) -> None:
    """Write the overlaps of ``(N, 4)`` and ``(M, 4)`` boxes to ``ious``.

    ``mode`` 0 divides by the union, 1 by the area of the first box. ``ious`` is ``(N,)`` if
    ``aligned``, else ``(N, M)``. ``offset`` is added to every width and height.
    """
    first = bboxes1 if aligned else bboxes1[:, None]
    ious.copy_(overlaps(first, bboxes2, offset, of_first=mode == 1))


def overlaps(first: Tensor, second: Tensor, offset: int = 0, of_first: bool = False) -> Tensor:
    """Return the overlaps of boxes ``(..., 4)`` that broadcast to each other."""
    lower = torch.maximum(first[..., :2], second[..., :2])
    upper = torch.minimum(first[..., 2:], second[..., 2:])
    shared = _area((upper - lower + offset).clamp(min=0))
    area = _area(first[..., 2:] - first[..., :2] + offset)
    if of_first:
        return shared / area
    return shared / (area + _area(second[..., 2:] - second[..., :2] + offset) - shared)


def _area(sides: Tensor) -> Tensor:
    return sides[..., 0] * sides[..., 1]  # with a much faster gradient than a product over an axis


def box_iou_rotated(
    bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode_flag: int, aligned: bool
) -> None:
    """Write the overlaps of rotated boxes ``(N, 5)`` and ``(M, 5)`` to ``ious``.

    A box is center x, y, width, height and an angle in radians. ``mode_flag`` 0 divides by the
    union, 1 by the area of the first box. ``ious`` is ``(N,)`` if ``aligned``, else ``(N * M,)``.
    """
    dtype = working_dtype(bboxes1, bboxes2)
    first, second = bboxes1.detach().to(dtype), bboxes2.detach().to(dtype)
    if aligned:
        ious.copy_(rotated_overlaps(first, second, of_first=mode_flag == 1))
        return
    rows = max(1, _PAIRS // max(1, len(second)))
    table = ious.view(len(first), len(second))
    for part, target in zip(first.split(rows), table.split(rows), strict=True):
        target.copy_(rotated_overlaps(part[:, None], second, of_first=mode_flag == 1))


def rotated_overlaps(first: Tensor, second: Tensor, of_first: bool = False) -> Tensor:
    """Return the overlaps of rotated boxes ``(..., 5)`` that broadcast to each other."""
    middle = (first[..., :2] + second[..., :2]) / 2
    corners1 = _corners(first[..., :2] - middle, first[..., 2:])
    corners2 = _corners(second[..., :2] - middle, second[..., 2:])
    area1, area2 = _area(first[..., 2:4]), _area(second[..., 2:4])
    shared = _shared_area(corners1, corners2)
    share = shared / (area1 if of_first else area1 + area2 - shared)
    return torch.where((area1 < 1e-14) | (area2 < 1e-14), torch.zeros_like(share), share)


def _corners(centers: Tensor, shapes: Tensor) -> Tensor:
    """Return the corners ``(..., 4, 2)`` in order, of centers and (width, height, angle)."""
    width, height, angle = (shapes / shapes.new_tensor([2, 2, 1])).unbind(-1)
    along = torch.stack([angle.cos() * width, angle.sin() * width], -1)
    across = torch.stack([-angle.sin() * height, angle.cos() * height], -1)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return torch.stack([centers + a * along + b * across for a, b in signs], -2)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _shared_area(corners1: Tensor, corners2: Tensor) -> Tensor:
    """Return the area of the intersection of two rectangles.

    Its corners are the intersections of sides, and corners of one rectangle inside the other.
    """
    corners1, corners2 = torch.broadcast_tensors(corners1, corners2)
    meetings, meet = _meetings(corners1, corners2)
    points = torch.cat([meetings, corners1, corners2], -2)
    found = torch.cat([meet, _inside(corners1, corners2), _inside(corners2, corners1)], -1)
    count = found.sum(-1, keepdim=True).clamp(min=1)
    points = points - (points * found[..., None]).sum(-2, keepdim=True) / count[..., None]
    angles = torch.atan2(points[..., 1], points[..., 0]).masked_fill(~found, 4)
    order = angles.argsort(-1)
    points = points.gather(-2, order[..., None].expand_as(points))
    found = found.gather(-1, order)
    # Others are replaced by the first corner: such sides have no length.
    points = torch.where(found[..., None], points, points[..., :1, :])
    area = _cross(points, points.roll(-1, -2)).sum(-1).abs() / 2
    return area * found[..., 0]


def _meetings(corners1: Tensor, corners2: Tensor) -> tuple[Tensor, Tensor]:
    """Return the intersections ``(..., 16, 2)`` of sides, and which of them exist."""
    sides1 = (corners1.roll(-1, -2) - corners1)[..., :, None, :]
    sides2 = (corners2.roll(-1, -2) - corners2)[..., None, :, :]
    between = corners2[..., None, :, :] - corners1[..., :, None, :]
    turn = _cross(sides2, sides1)
    parallel = turn.abs() <= 1e-14
    turn = torch.where(parallel, torch.ones_like(turn), turn)
    at1, at2 = _cross(sides2, between) / turn, _cross(sides1, between) / turn
    slack = 8 * torch.finfo(turn.dtype).eps
    met = ~parallel
    for at in (at1, at2):
        met = met & (at >= -slack) & (at <= 1 + slack)
    points = corners1[..., :, None, :] + sides1 * at1[..., None]
    return points.flatten(-3, -2), met.flatten(-2)


def _inside(points: Tensor, corners: Tensor) -> Tensor:
    """Return which of ``(..., 4, 2)`` points are inside a rectangle."""
    start = corners[..., :1, :]
    slack = 8 * torch.finfo(points.dtype).eps
    inside = torch.ones_like(points[..., 0], dtype=torch.bool)
    for end in (1, 3):
        side = corners[..., end : end + 1, :] - start
        length = (side * side).sum(-1)
        at = ((points - start) * side).sum(-1)
        inside = inside & (at >= -slack * length) & (at <= (1 + slack) * length)
    return inside
