"""RoI pooling, which mmcv has for CUDA alone, against loops and against RoIAlign."""

import itertools
import math

import fuzzing  # noqa: F401
import numpy as np
import pytest
import torch
from compiled_ext import find_compiled, strided
from hypothesis import given
from hypothesis import strategies as st
from operator_inputs import FLOATS, SEEDS, assert_near, leaf, randn
from torch import Tensor
from torch.autograd import gradcheck

find_compiled()
from mmcv import ops  # noqa: E402

pytestmark = pytest.mark.usefixtures('served_operators')


def rois_of(seed: int, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 2, (count, 1), generator=generator)
    start = torch.randint(-8, 24, (count, 2), generator=generator) / 4
    size = torch.randint(-6, 30, (count, 2), generator=generator) / 4
    return torch.cat([images, start, start + size], 1)


def pool_by_loops(x: np.ndarray, rois: np.ndarray, height: int, width: int, scale: float):
    """Maximum and its pixel of each bin."""
    output = np.zeros((len(rois), x.shape[1], height, width))
    argmax = np.full(output.shape, -1)
    for k, c, i, j in np.ndindex(*output.shape):
        image, x1, y1 = int(rois[k, 0]), rois[k, 1] * scale, rois[k, 2] * scale
        w, h = (rois[k, 3] + 1) * scale - x1, (rois[k, 4] + 1) * scale - y1
        if w <= 0 or h <= 0:
            continue
        rows = range(math.floor(i * h / height + y1), math.ceil((i + 1) * h / height + y1))
        columns = range(math.floor(j * w / width + x1), math.ceil((j + 1) * w / width + x1))
        pixels = [
            (x[image, c, a, b], -a, -b)
            for a, b in itertools.product(rows, columns)
            if 0 <= a < x.shape[2] and 0 <= b < x.shape[3]
        ]
        if pixels:  # the first of equal ones
            output[k, c, i, j], a, b = max(pixels)
            argmax[k, c, i, j] = -a * x.shape[3] - b
    return output, argmax


@given(SEEDS, st.integers(0, 5), st.sampled_from([(1, 1), (2, 4)]), st.sampled_from([0.5, 1.0]))
def test_roi_pool_takes_the_maximum_of_each_bin_and_hands_its_gradient_there(
    seed, count, size, scale
):
    x = leaf(randn(seed, 2, 3, 7, 6).mul(2).round())  # with equal pixels
    rois = rois_of(seed, count).double()
    output = ops.roi_pool(strided(x), strided(rois), size, scale)
    expected, argmax = pool_by_loops(x.detach().numpy(), rois.numpy(), *size, scale)
    assert_near(output.detach(), expected)
    weights = randn(seed + 1, *output.shape)
    output.backward(weights)
    grad = np.zeros(x.shape)
    for k, c, i, j in np.ndindex(*argmax.shape):
        if argmax[k, c, i, j] >= 0:
            place = np.unravel_index(argmax[k, c, i, j], x.shape[2:])
            grad[(int(rois[k, 0]), c, *place)] += weights[k, c, i, j].item()
    assert_near(x.grad, grad)


def test_roi_pool_keeps_half_precision():
    x, rois = randn(0, 2, 3, 7, 6, dtype=torch.float16), rois_of(0, 3)
    output = ops.roi_pool(leaf(x), rois.half(), 2, 1.0)
    assert output.dtype == torch.float16
    assert torch.equal(output.double(), ops.roi_pool(x.double(), rois.double(), 2, 1.0))


@given(SEEDS, st.integers(0, 4), st.sampled_from([-1, 2]), FLOATS)
def test_unmoved_deformable_roi_pooling_is_roi_align(seed, count, ratio, dtype):
    x, rois = randn(seed, 2, 3, 7, 6, dtype=dtype), rois_of(seed, count).to(dtype)
    rois[:, 3:] = torch.maximum(rois[:, 1:3], rois[:, 3:])
    expected = ops.roi_align(x, rois, (2, 3), 0.5, ratio)
    assert_near(ops.deform_roi_pool(x, rois, None, (2, 3), 0.5, ratio), expected)
    still = torch.zeros(count, 2, 2, 3, dtype=dtype)
    assert_near(ops.deform_roi_pool(x, rois, still, (2, 3), 0.5, ratio), expected)


def test_an_offset_moves_the_bins_of_deformable_roi_pooling():
    x = torch.arange(64.0).view(1, 1, 8, 8)  # 1 a column, 8 a row
    rois = torch.tensor([[0, 1, 1, 5, 5.0]])
    offset = torch.zeros(1, 2, 2, 2)
    still = ops.deform_roi_pool(x, rois, offset, 2)
    offset[0, 0, 0, 1], offset[0, 1, 1, 0] = 2.5, 5.0  # x, y in tenths of the 4 pixels of the RoI
    moved = ops.deform_roi_pool(x, rois, offset, 2)
    assert_near(moved - still, torch.tensor([[[[0, 1.0], [16, 0]]]]))


def test_gradients_of_deformable_roi_pooling_are_its_derivatives():
    rois = torch.tensor([[1, 0.7, 1.1, 4.2, 5.3], [0, 1.3, 0.4, 2.9, 3.6]]).double()
    x, offset = leaf(randn(0, 2, 2, 7, 6)), leaf(randn(1, 2, 2, 2, 2) * 0.1)
    assert gradcheck(lambda *given: ops.deform_roi_pool(given[0], rois, given[1], 2), (x, offset))
