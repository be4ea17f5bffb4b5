"""Operators on feature maps give the values and gradients of mmcv's compiled ones."""

import fuzzing  # noqa: F401
import pytest
import torch
from compiled_ext import assert_as_compiled, require_compiled
from hypothesis import given
from hypothesis import strategies as st
from operator_inputs import FLOATS, SEEDS
from torch import Tensor

require_compiled()
from mmcv import ops  # noqa: E402


def randn(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def grid_rois(seed: int, count: int, batch: int) -> Tensor:
    """RoIs in quarters of a pixel, some empty, some beyond the border of a map of 9 × 8."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, batch, (count, 1), generator=generator)
    start = torch.randint(-12, 28, (count, 2), generator=generator) / 4
    size = torch.randint(0, 40, (count, 2), generator=generator) / 4
    return torch.cat([images, start, start + size], 1)


@given(
    SEEDS,
    st.integers(0, 6),
    st.sampled_from([(1, 1), (2, 3), (4, 4)]),
    st.sampled_from([0.25, 0.5, 1.0]),
    st.sampled_from([-1, 0, 1, 2]),
    st.sampled_from(['avg', 'max']),
    st.booleans(),
    FLOATS,
)
def test_roi_align_gives_the_same(seed, count, size, scale, ratio, mode, aligned, dtype):
    maps = randn(seed, 2, 3, 9, 8, dtype=dtype)
    rois = grid_rois(seed, count, 2).to(dtype) / torch.tensor([1, *[scale] * 4], dtype=dtype)
    assert_as_compiled(
        lambda x, r: ops.roi_align(x, r, size, scale, ratio, mode, aligned),
        maps,
        rois,
        scattered=True,
    )


@given(SEEDS, st.sampled_from([('avg', 2), ('max', 0), ('max', 2)]), st.floats(0.03, 2), FLOATS)
def test_roi_align_at_any_scale_gives_the_same(seed, mode, scale, dtype):
    maps, rois = randn(seed, 1, 2, 9, 8, dtype=dtype), grid_rois(seed, 4, 1).to(dtype)
    assert_as_compiled(
        lambda x, r: ops.roi_align(x, r, 2, scale, mode[1], mode[0], True),
        maps,
        rois,
        tolerance=2e-5,
    )


@given(SEEDS, st.sampled_from(['avg', 'max']), st.sampled_from([0, 2]))
def test_roi_align_in_half_precision_gives_the_same(seed, mode, ratio):
    maps, rois = randn(seed, 2, 3, 9, 8).half(), grid_rois(seed, 4, 2).half()
    assert_as_compiled(
        lambda x, r: ops.roi_align(x, r, 2, 0.5, ratio, mode, True), maps, rois, tolerance=4e-3
    )


GEOMETRIES = st.tuples(
    st.sampled_from([(1, 1), (3, 3), (2, 3)]),  # kernel
    st.sampled_from([(1, 1), (2, 3)]),  # stride
    st.sampled_from([(0, 0), (1, 2), (2, 2)]),  # padding
    st.sampled_from([(1, 1), (2, 1)]),  # dilation
    st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2)]),  # groups, groups of offsets
)


def deformable(seed: int, batch: int, geometry: tuple, dtype: torch.dtype, whole: bool) -> tuple:
    """Input, offsets, mask, weight and bias; offsets are ``whole`` numbers at times."""
    kernel, stride, padding, dilation, (groups, offset_groups) = geometry
    size = [
        (length + 2 * p - d * (k - 1) - 1) // s + 1
        for length, k, s, p, d in zip((7, 8), kernel, stride, padding, dilation, strict=True)
    ]
    taps = kernel[0] * kernel[1] * offset_groups
    offset = randn(seed + 1, batch, 2 * taps, *size, dtype=dtype) * 2
    return (
        randn(seed, batch, 4, 7, 8, dtype=dtype),
        offset.round() if whole else offset,
        randn(seed + 2, batch, taps, *size, dtype=dtype),
        randn(seed + 3, 6, 4 // groups, *kernel, dtype=dtype),
        randn(seed + 4, 6, dtype=dtype),
    )


@given(SEEDS, st.integers(1, 3), GEOMETRIES, FLOATS, st.booleans())
def test_deformable_convolution_gives_the_same(seed, batch, geometry, dtype, whole):
    x, offset, _, weight, _ = deformable(seed, batch, geometry, dtype, whole)
    _, stride, padding, dilation, groups = geometry
    assert_as_compiled(
        lambda *given: ops.deform_conv2d(*given, stride, padding, dilation, *groups),
        *(x, offset, weight),
        tolerance=1e-5 if dtype == torch.float64 else 5e-5,
    )


@given(SEEDS, st.integers(1, 3), GEOMETRIES, FLOATS, st.booleans(), st.booleans())
def test_modulated_deformable_convolution_gives_the_same(
    seed, batch, geometry, dtype, whole, with_bias
):
    tensors = deformable(seed, batch, geometry, dtype, whole)
    _, stride, padding, dilation, groups = geometry

    def convolve(*given):
        bias = given[4] if with_bias else None
        return ops.modulated_deform_conv2d(*given[:4], bias, stride, padding, dilation, *groups)

    tensors = tensors if with_bias else tensors[:4]
    assert_as_compiled(convolve, *tensors, tolerance=1e-5 if dtype == torch.float64 else 5e-5)


def test_offsets_of_zero_with_padding_get_the_same_gradient():
    x, offset, _, weight, _ = deformable(
        0, 2, ((3, 3), (1, 1), (1, 1), (1, 1), (1, 1)), torch.float32, True
    )
    assert_as_compiled(
        lambda *given: ops.deform_conv2d(*given, 1, 1), x, 0 * offset, weight, tolerance=5e-5
    )


@pytest.mark.parametrize('groups', [1, 2])
def test_offsets_of_a_larger_output_are_read_as_they_lie_in_memory(groups):
    # As DyHead has them, from the next larger level.
    assert_as_compiled(
        lambda *given: ops.modulated_deform_conv2d(*given, None, 1, 1, 1, 1, groups),
        randn(0, 2, 4, 6, 8),
        randn(1, 2, 18 * groups, 12, 16),
        randn(2, 2, 9 * groups, 12, 16).sigmoid(),
        randn(3, 4, 4, 3, 3),
    )


@pytest.mark.parametrize('modulated', [False, True])
def test_deformable_convolutions_in_half_precision_are_near(modulated):
    geometry = ((3, 3), (1, 1), (1, 1), (1, 1), (1, 2))
    x, offset, mask, weight, bias = deformable(0, 2, geometry, torch.float16, False)
    if modulated:
        assert_as_compiled(
            lambda *given: ops.modulated_deform_conv2d(*given, 1, 1, 1, 1, 2),
            *(x, offset, mask, weight, bias),
            tolerance=0.05,
        )
    else:
        assert_as_compiled(
            lambda *given: ops.deform_conv2d(*given, 1, 1, 1, 1, 2),
            *(x, offset, weight),
            tolerance=0.05,
        )


def test_the_weights_alone_get_the_same_gradient():
    x, offset, _, weight, _ = deformable(
        0, 2, ((3, 3), (2, 1), (1, 1), (1, 1), (1, 1)), torch.float32, True
    )
    assert_as_compiled(lambda w: ops.deform_conv2d(x, offset, w, (2, 1), 1), weight, tolerance=5e-5)


@given(
    SEEDS,
    st.integers(0, 2),
    st.sampled_from([(1, 1), (3, 3), (4, 3), (5, 7)]),
    st.sampled_from([(3, 4), (1, 1), (4, 2)]),
    st.sampled_from(['collect', 'distribute']),
    st.sampled_from([torch.float32, torch.float64, torch.float16]),
)
def test_masks_of_spatial_attention_are_the_same(seed, batch, mask, size, psa_type, dtype):
    x = randn(seed, batch, mask[0] * mask[1], *size, dtype=dtype)
    assert_as_compiled(ops.PSAMask(psa_type, mask), x, scattered=True, tolerance=0)
