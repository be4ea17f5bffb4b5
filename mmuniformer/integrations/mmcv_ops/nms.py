"""Non-maximum suppression: hard, soft, matching and rotated."""

import numpy as np
import torch
from torch import Tensor

from .boxes import rotated_overlaps
from .common import c_float, working_dtype

__all__ = ['nms', 'nms_match', 'nms_rotated', 'softnms']

_SCORE, _AREA = 4, 5  # rows of a table, after the coordinates


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Return the indices of the boxes ``(N, 4)`` to keep, in order of descending score.

    A box is suppressed if its IoU with a kept one is above ``iou_threshold``. ``offset`` is
    added to every width and height.
    """
    if boxes.numel() == 0:
        return boxes.new_empty(0, dtype=torch.long)
    dtype = working_dtype(boxes)
    order = _by_score(scores)
    boxes = boxes[order].to(dtype)
    if offset:
        boxes = torch.cat([boxes[:, :2], boxes[:, 2:] + offset], 1)
    if dtype == torch.float32:
        iou_threshold = c_float(iou_threshold)  # an overlap equal to it must not be above it
    ranks = torch.arange(len(boxes), 0, -1, device=boxes.device, dtype=dtype)
    return order[torch.ops.torchvision.nms(boxes, ranks, iou_threshold)]


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Group ``(N, 5)`` boxes with scores: each kept one, and those it suppresses.

    A box is suppressed if its IoU with a kept one is ``iou_threshold`` or more. mmcv brings
    the tensor to the CPU.
    """
    table = _table(dets, dets[:, 4], offset=0)
    threshold = table.dtype.type(iou_threshold)
    left, groups = _by_score(dets[:, 4]).numpy(), []
    with np.errstate(invalid='ignore', divide='ignore'):  # boxes without an area
        while len(left):
            rest = left[1:]
            taken = _ious(table[:, left[0]], table[:, rest], offset=0) >= threshold
            groups.append([int(left[0]), *rest[taken].tolist()])
            left = rest[~taken]
    return groups


@torch.no_grad()
def nms_rotated(
    dets: Tensor,
    scores: Tensor,
    order: Tensor,
    dets_sorted: Tensor,
    labels: Tensor,
    iou_threshold: float,
    multi_label: bool,
) -> Tensor:
    """Return the indices of the rotated boxes ``(N, 5)`` to keep, by descending score.

    A box is suppressed if its IoU with a kept one is at least ``iou_threshold``, for any labels.
    """
    order = _by_score(scores)
    boxes = dets[order, :5].to(working_dtype(dets))
    left, kept = torch.arange(len(boxes), device=boxes.device), []
    while len(left):
        kept.append(left[:1])
        rest = left[1:]
        taken = rotated_overlaps(boxes[left[:1]], boxes[rest]) >= c_float(iou_threshold)
        left = rest[~taken]
    return order[torch.cat(kept)] if kept else order


def _by_score(scores: Tensor) -> Tensor:
    """Return the order of descending scores; torch decides for equal ones, as in mmcv."""
    return scores.contiguous().sort(descending=True)[1]


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Write kept boxes ``(N, 4)`` with new scores to ``dets`` ``(N, 5)``, return their indices.

    Soft-NMS, Eq. 2 (``method`` 1) and 3 (2); 0 is hard suppression. mmcv brings the tensors to the
    CPU. Boxes of one score stay in the order that swapping with the first and the last one leaves.
    """
    table, indices = _table(boxes, scores, offset), np.arange(len(boxes))
    threshold, spread, floor = (table.dtype.type(x) for x in (iou_threshold, sigma, min_score))
    count, i = len(boxes), 0
    with np.errstate(invalid='ignore', divide='ignore'):  # boxes without an area
        while i < count:
            top = i + _first_best(table[_SCORE, i:count])
            table[:, [i, top]] = table[:, [top, i]]
            indices[[i, top]] = indices[[top, i]]
            rest = table[:, i + 1 : count]
            ious = _ious(table[:, i], rest, offset)
            rest[_SCORE] *= _decay(ious, threshold, spread, method)
            low = rest[_SCORE] < floor
            count = i + 1 + _close_ranks(rest, indices[i + 1 : count], low)
            i += 1
    dets[:count] = torch.from_numpy(table[: _SCORE + 1, :count].T).to(dets)
    return torch.from_numpy(indices[:count])


def _table(boxes: Tensor, scores: Tensor, offset: int) -> np.ndarray:
    """Return a row for each coordinate, for the scores and for the areas, ``(6, N)``."""
    dtype = working_dtype(boxes)
    x1, y1, x2, y2 = boxes.detach().to(dtype).numpy().T[:4]
    areas = (x2 - x1 + offset) * (y2 - y1 + offset)
    return np.stack([x1, y1, x2, y2, scores.detach().to(dtype).numpy(), areas])


def _ious(box: np.ndarray, rest: np.ndarray, offset: int) -> np.ndarray:
    """Return the overlaps of one column of a table with others."""
    lower, upper = np.maximum(box[:2, None], rest[:2]), np.minimum(box[2:4, None], rest[2:4])
    sides = np.maximum(upper - lower + offset, 0)
    shared = sides[0] * sides[1]
    return shared / (box[_AREA] + rest[_AREA] - shared)


def _first_best(scores: np.ndarray) -> int:
    best = int(np.argmax(scores))
    if np.isnan(scores[best]):  # comparisons with NaN are false
        return 0 if np.isnan(scores[0]) else int(np.nanargmax(scores))
    return best


def _decay(ious: np.ndarray, threshold: np.floating, sigma: np.floating, method: int) -> np.ndarray:
    if method == 2:
        return np.exp(-(ious * ious) / sigma)
    return np.where(ious >= threshold, 1 - ious if method == 1 else 0, 1).astype(ious.dtype)


def _close_ranks(table: np.ndarray, indices: np.ndarray, low: np.ndarray) -> int:
    """Fill each gap, from the front, with the last column that stays; return how many stay."""
    stay = len(low) - int(low.sum())
    gaps = np.flatnonzero(low[:stay])
    fill = stay + np.flatnonzero(~low[stay:])[::-1]
    table[:, gaps] = table[:, fill]
    indices[gaps] = indices[fill]
    return stay
