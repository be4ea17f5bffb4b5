"""Operators on boxes give what mmcv's compiled ones give, to the last box."""

import math

import fuzzing  # noqa: F401
import pytest
import torch
from compiled_ext import assert_as_compiled, operators_from, require_compiled, served, strided
from hypothesis import given
from hypothesis import strategies as st
from operator_inputs import SEEDS
from torch import Tensor

COMPILED = require_compiled()
from mmcv import ops  # noqa: E402

COUNTS = st.integers(0, 24)
# Overlaps of boxes on a coarse grid hit these exactly.
THRESHOLDS = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1 / 3, 0.5, 0.6, 0.7, 0.9, 1.0])


def grid_boxes(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Boxes and scores on a coarse grid: ties, equal boxes, no and negative widths."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.randint(0, 6, (count, 2), generator=generator)
    size = torch.randint(-1, 11, (count, 2), generator=generator)
    scores = torch.randint(1, 6, (count,), generator=generator) / 5
    return torch.cat([start, start + size], 1).float(), scores


def free_boxes(seed: int, count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    start = torch.rand(count, 2, generator=generator) * 20
    size = torch.rand(count, 2, generator=generator) * 20
    return torch.cat([start, start + size], 1), torch.rand(count, generator=generator)


def rotated(seed: int, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.rand(count, 5, generator=generator)
    low, high = torch.tensor([0, 0, 1, 1, -4.0]), torch.tensor([10, 10, 12, 12, 4.0])
    return low + boxes * (high - low)


def answers(operator, *args, scattered: bool = False):
    with operators_from(COMPILED):
        expected = operator(*args)
    if scattered:
        args = [strided(a) if isinstance(a, Tensor) else a for a in args]
    with operators_from(served()):
        return operator(*args), expected


@given(SEEDS, COUNTS, THRESHOLDS, st.sampled_from([0, 1]), st.booleans(), st.booleans())
def test_nms_keeps_the_same_boxes_in_the_same_order(
    seed, count, threshold, offset, grid, scattered
):
    boxes, scores = (grid_boxes if grid else free_boxes)(seed, count)
    mine, theirs = answers(ops.nms, boxes, scores, threshold, offset, scattered=scattered)
    assert mine[1].tolist() == theirs[1].tolist()
    assert mine[0].equal(theirs[0])


@given(SEEDS, st.integers(1, 24), st.floats(0.1, 0.9), st.integers(1, 8))
def test_nms_with_a_limit_and_a_least_score_keeps_the_same(seed, count, threshold, limit):
    boxes, scores = free_boxes(seed, count)
    mine, theirs = answers(
        lambda *given: ops.nms(*given, score_threshold=0.4, max_num=limit), boxes, scores, threshold
    )
    assert mine[1].tolist() == theirs[1].tolist()


@given(SEEDS, COUNTS)
def test_nms_by_class_keeps_the_same(seed, count):
    boxes, scores = grid_boxes(seed, count + 1)
    labels = torch.arange(count + 1) % 3
    for type_ in ('nms', 'soft_nms'):
        config = dict(type=type_, iou_threshold=0.5)
        mine, theirs = answers(ops.batched_nms, boxes, scores, labels, config)
        assert mine[1].tolist() == theirs[1].tolist()
        torch.testing.assert_close(mine[0], theirs[0], rtol=1e-6, atol=1e-6, equal_nan=True)


@given(
    SEEDS,
    COUNTS,
    THRESHOLDS,
    st.sampled_from(['naive', 'linear', 'gaussian']),
    st.sampled_from([0, 1]),
    st.sampled_from([1e-3, 0.1, 0.3]),
    st.booleans(),
)
def test_soft_nms_gives_the_same_order_and_scores(
    seed, count, threshold, method, offset, least, grid
):
    boxes, scores = (grid_boxes if grid else free_boxes)(seed, count)
    mine, theirs = answers(
        ops.soft_nms, boxes, scores, threshold, 0.5, least, method, offset, scattered=True
    )
    assert mine[1].tolist() == theirs[1].tolist()
    torch.testing.assert_close(mine[0], theirs[0], rtol=1e-6, atol=1e-6, equal_nan=True)


@given(SEEDS, COUNTS, THRESHOLDS, st.booleans())
def test_matching_nms_gives_the_same_groups(seed, count, threshold, grid):
    boxes, scores = (grid_boxes if grid else free_boxes)(seed, count)
    dets = torch.cat([boxes, scores[:, None]], 1)
    mine, theirs = answers(ops.nms_match, dets, threshold, scattered=True)
    assert [m.tolist() for m in mine] == [t.tolist() for t in theirs]


@given(
    SEEDS,
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(['iou', 'iof']),
    st.booleans(),
    st.sampled_from([0, 1]),
    st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
)
def test_overlaps_are_the_same_and_so_are_their_gradients(
    seed, first, second, mode, aligned, offset, dtype
):
    boxes1 = grid_boxes(seed, first)[0].to(dtype)
    boxes2 = grid_boxes(seed + 1, first if aligned else second)[0].to(dtype)
    assert_as_compiled(
        lambda a, b: ops.bbox_overlaps(a, b, mode, aligned, offset), boxes1, boxes2, scattered=True
    )


@given(
    SEEDS,
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(['iou', 'iof']),
    st.booleans(),
    st.booleans(),
)
def test_overlaps_of_rotated_boxes_are_the_same(seed, first, second, mode, aligned, clockwise):
    boxes1 = rotated(seed, first)
    boxes2 = rotated(seed + 1, first if aligned else second)
    mine, theirs = answers(
        ops.box_iou_rotated, boxes1, boxes2, mode, aligned, clockwise, scattered=True
    )
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)


@given(SEEDS, st.floats(0.05, 0.95), st.sampled_from([torch.float32, torch.float64]))
def test_rotated_nms_keeps_the_same_boxes(seed, threshold, dtype):
    boxes = rotated(seed, 20).to(dtype)
    scores = torch.rand(20, generator=torch.Generator().manual_seed(seed)).to(dtype)
    labels = torch.arange(20, dtype=dtype) % 2
    for args in ((boxes, scores, threshold), (boxes, scores, threshold, labels)):
        mine, theirs = answers(ops.nms_rotated, *args, scattered=True)
        assert mine[1].tolist() == theirs[1].tolist()


@pytest.mark.parametrize('angle', [0.0, math.pi / 2, math.pi])
def test_rotated_boxes_at_right_angles_overlap_as_compiled_ones(angle):
    boxes = torch.tensor([[5.0, 5, 4, 4, angle], [6, 5, 4, 4, angle], [9, 5, 4, 4, angle]])
    mine, theirs = answers(ops.box_iou_rotated, boxes, boxes)
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(mine[0], torch.tensor([1, 0.6, 0]), rtol=1e-5, atol=1e-5)
