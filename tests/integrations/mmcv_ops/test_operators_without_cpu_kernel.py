"""Operators that mmcv has for CUDA alone, against loops that say what each of them means."""

import itertools
import math

import fuzzing  # noqa: F401
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from compiled_ext import find_compiled, served, strided
from hypothesis import given
from hypothesis import strategies as st
from operator_inputs import FLOATS, SEEDS, assert_near, leaf, rand, randn
from torch.autograd import gradcheck

find_compiled()
from mmcv import ops  # noqa: E402
from mmcv.ops.multi_scale_deform_attn import (  # noqa: E402
    MultiScaleDeformableAttnFunction,
    multi_scale_deformable_attn_pytorch,
)
from mmcv.ops.sync_bn import SyncBatchNormFunction  # noqa: E402

pytestmark = pytest.mark.usefixtures('served_operators')


# Focal losses


@given(SEEDS, st.integers(0, 6), st.sampled_from([0.5, 1.0, 2.0]), st.booleans(), FLOATS)
def test_sigmoid_focal_loss_is_that_of_its_definition(seed, count, gamma, weighted, dtype):
    logits = randn(seed, count, 4, dtype=dtype)
    target = torch.randint(0, 5, (count,), generator=torch.Generator().manual_seed(seed))
    weight = rand(seed, 4, dtype=dtype) if weighted else None
    loss = ops.sigmoid_focal_loss(strided(logits), target, gamma, 0.3, weight, 'none')
    expected = np.zeros((count, 4))
    for n, c in np.ndindex(count, 4):
        p = 1 / (1 + math.exp(-logits[n, c]))
        hit = c == target[n]
        share, alpha = (p, 0.3) if hit else (1 - p, 0.7)
        expected[n, c] = -alpha * (1 - share) ** gamma * math.log(share)
        if weighted and target[n] < 4:
            expected[n, c] *= weight[target[n]]
    assert_near(loss, expected)


@given(SEEDS, st.integers(0, 6), st.sampled_from([1.0, 2.0, 2.5]), st.booleans(), FLOATS)
def test_softmax_focal_loss_is_that_of_its_definition(seed, count, gamma, weighted, dtype):
    logits = randn(seed, count, 4, dtype=dtype)
    target = torch.randint(-1, 4, (count,), generator=torch.Generator().manual_seed(seed))
    weight = rand(seed, 4, dtype=dtype) if weighted else None
    loss = ops.softmax_focal_loss(logits, target, gamma, 0.3, weight, 'none')
    shares = F.softmax(logits.double(), 1)
    expected = np.zeros(count)
    for n in range(count):
        if target[n] >= 0:
            p = shares[n, target[n]].item()
            factor = weight[target[n]].item() if weighted else 1
            expected[n] = -factor * 0.3 * (1 - p) ** gamma * math.log(p)
    assert_near(loss, expected)


@pytest.mark.parametrize('loss', ['sigmoid_focal_loss', 'softmax_focal_loss'])
@pytest.mark.parametrize('weighted', [False, True])
def test_gradients_of_focal_losses_are_their_derivatives(loss, weighted):
    target, weight = torch.tensor([0, 2, 1]), rand(1, 3) if weighted else None
    for reduction in ('mean', 'sum'):
        assert gradcheck(
            lambda x, how=reduction: getattr(ops, loss)(x, target, 2.0, 0.25, weight, how),
            leaf(randn(0, 3, 3)),
        )


def test_focal_losses_of_huge_logits_are_finite():
    logits = leaf(torch.tensor([[200.0, -200.0]]))
    loss = ops.sigmoid_focal_loss(logits, torch.tensor([1]), 2.0, 0.25, None, 'sum')
    loss.backward()
    assert loss.item() == pytest.approx(87.3365 * (0.25 + 0.75), rel=1e-5)
    assert logits.grad.isfinite().all()


# CARAFE


def reassemble_by_loops(x: np.ndarray, masks: np.ndarray, kernel: int, groups: int, scale: int):
    count, channels, height, width = x.shape
    output = np.zeros((count, channels, height * scale, width * scale))
    for n, c, i, j in np.ndindex(*output.shape):
        group = c // (channels // groups)
        for a, b in itertools.product(range(kernel), repeat=2):
            y, z = i // scale + a - kernel // 2, j // scale + b - kernel // 2
            if 0 <= y < height and 0 <= z < width:
                weight = masks[n, (group * kernel + a) * kernel + b, i, j]
                output[n, c, i, j] += x[n, c, y, z] * weight
    return output


@given(
    SEEDS,
    st.integers(0, 2),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2]),
    st.sampled_from([1, 2, 3]),
    FLOATS,
)
def test_carafe_weighs_the_neighborhood_of_each_new_pixel(
    seed, batch, kernel, groups, scale, dtype
):
    x = randn(seed, batch, 4, 3, 4, dtype=dtype)
    masks = randn(seed + 1, batch, groups * kernel**2, 3 * scale, 4 * scale, dtype=dtype)
    expected = reassemble_by_loops(x.numpy(), masks.numpy(), kernel, groups, scale)
    for operator in (ops.carafe, ops.carafe_naive):
        assert_near(operator(strided(x), strided(masks), kernel, groups, scale), expected)


def test_gradients_of_carafe_are_its_derivatives():
    x, masks = leaf(randn(0, 2, 4, 2, 3)), leaf(randn(1, 2, 18, 4, 6))
    assert gradcheck(lambda *given: ops.carafe(*given, 3, 2, 2), (x, masks))
    grads = torch.autograd.grad(ops.carafe(x, masks, 3, 2, 2).sum(), (x, masks))
    naive = [torch.zeros_like(x), torch.zeros_like(masks)]
    served().carafe_naive_backward(torch.ones(2, 4, 4, 6).double(), x, masks, *naive, 3, 2, 2)
    assert all(torch.equal(a, b) for a, b in zip(grads, naive, strict=True))


# Masked convolution


@given(SEEDS, st.sampled_from([(1, 1), (3, 3), (3, 5)]), st.sampled_from([0.0, 0.3, 1.0]), FLOATS)
def test_masked_convolution_is_a_convolution_where_the_mask_is_set(seed, kernel, share, dtype):
    x = randn(seed, 1, 3, 5, 6, dtype=dtype)
    weight = randn(seed + 1, 4, 3, *kernel, dtype=dtype)
    bias = randn(seed + 2, 4, dtype=dtype)
    mask = (rand(seed, 1, 5, 6) < share).to(dtype)
    padding = [k // 2 for k in kernel]
    output = ops.masked_conv2d(strided(x), mask, weight, bias, padding)
    assert_near(output, F.conv2d(x, weight, bias, padding=padding) * mask)


# Shifts of TIN


@given(SEEDS, st.integers(0, 2), st.sampled_from([1, 2, 4]), FLOATS)
def test_tin_shift_moves_groups_of_channels_along_time(seed, batch, groups, dtype):
    x = randn(seed, batch, 5, 4, 3, dtype=dtype)
    shift = torch.randint(
        -6, 7, (batch, groups), generator=torch.Generator().manual_seed(seed), dtype=torch.int32
    )
    expected = torch.zeros_like(x)
    for n, t, c in np.ndindex(batch, 5, 4):
        to = t + shift[n, c // (4 // groups)].item()
        if 0 <= to < 5:
            expected[n, to, c] = x[n, t, c]
    assert torch.equal(ops.tin_shift(strided(x), shift), expected)


def test_the_gradient_of_tin_shift_goes_the_way_back():
    shift = torch.tensor([[1, -2], [0, 3]], dtype=torch.int32)
    assert gradcheck(lambda x: ops.tin_shift(x, shift), leaf(randn(0, 2, 4, 4, 2)))


# Deformable attention


def attention_inputs(seed: int, batch: int, queries: int, dtype: torch.dtype) -> tuple:
    shapes = torch.tensor([[3, 4], [1, 2]])
    starts = torch.tensor([0, 12])
    value = randn(seed, batch, 14, 2, 3, dtype=dtype)
    locations = rand(seed + 1, batch, queries, 2, 2, 4, 2, dtype=dtype) * 1.6 - 0.3
    weights = rand(seed + 2, batch, queries, 2, 2, 4, dtype=dtype)
    return value, shapes, starts, locations, weights


@given(SEEDS, st.integers(0, 2), st.integers(0, 5), FLOATS)
def test_deformable_attention_is_that_of_mmcv_in_python(seed, batch, queries, dtype):
    value, shapes, starts, locations, weights = attention_inputs(seed, batch, queries, dtype)
    actual = [leaf(strided(t)) for t in (value, locations, weights)]
    output = MultiScaleDeformableAttnFunction.apply(
        actual[0], shapes, starts, actual[1], actual[2], 64
    )
    assert output.shape == (batch, queries, 6)
    if batch == 0 or queries == 0:
        return
    given = [leaf(t) for t in (value, locations, weights)]
    expected = multi_scale_deformable_attn_pytorch(given[0], shapes, *given[1:])
    assert_near(output.detach(), expected.detach())
    share = randn(seed + 3, *output.shape, dtype=dtype)
    output.backward(share)
    expected.backward(share)
    for mine, theirs in zip(actual, given, strict=True):
        assert_near(mine.grad, theirs.grad)


def test_gradients_of_deformable_attention_are_its_derivatives():
    value, shapes, starts, locations, weights = attention_inputs(0, 1, 2, torch.float64)

    def attend(value, locations, weights):
        return MultiScaleDeformableAttnFunction.apply(value, shapes, starts, locations, weights, 64)

    assert gradcheck(attend, (leaf(value), leaf(locations), leaf(weights)))


def test_deformable_attention_keeps_half_precision():
    value, shapes, starts, *rest = attention_inputs(0, 2, 3, torch.float32)
    half = MultiScaleDeformableAttnFunction.apply(value.half(), shapes, starts, *rest, 64)
    full = MultiScaleDeformableAttnFunction.apply(value, shapes, starts, *rest, 64)
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), full, rtol=1e-2, atol=1e-2)


# Batch normalization


@given(SEEDS, st.integers(2, 4), st.sampled_from([(), (5,), (3, 2)]))
def test_normalization_of_one_process_is_batch_norm(seed, batch, size):
    weight, bias = leaf(torch.tensor([0.5, 1.5, -1.0])), leaf(torch.tensor([0.1, 0.2, 0.3]))
    mean, var = torch.zeros(3), torch.ones(3)
    norm = torch.nn.BatchNorm1d(3)
    norm.load_state_dict(dict(norm.state_dict(), weight=weight.detach(), bias=bias.detach()))
    given = randn(seed, batch, 3, *size, dtype=torch.float32)
    mine, theirs = leaf(given), leaf(given.flatten(2) if size else given)
    output = SyncBatchNormFunction.apply(
        mine if size else mine[..., None], mean, var, weight, bias, 0.1, 1e-5, None, 1, 'N'
    )
    expected = norm(theirs)
    assert_near(output.detach().view(expected.shape), expected.detach())
    share = randn(seed + 1, *output.shape, dtype=torch.float32)
    output.backward(share)
    expected.backward(share.view(expected.shape))
    for actual, wanted in ((mine, theirs), (weight, norm.weight), (bias, norm.bias)):
        assert_near(actual.grad, wanted.grad.view(actual.shape))
    assert_near(mean, norm.running_mean)
    assert_near(var, norm.running_var)
