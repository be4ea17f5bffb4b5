"""What the served operators do beside the compiled ones, on every stack."""

import functools
import math

import pytest
import torch
from compiled_ext import find_compiled, operators_from, served

from mmuniformer.integrations.mmcv_ops import boxes as boxes_module

find_compiled()
from mmcv import ops  # noqa: E402
from mmcv.ops.merge_cells import SumCell  # noqa: E402


@pytest.fixture(autouse=True, scope='module')
def served_operators():
    with operators_from(served()):
        yield


@pytest.mark.parametrize('threshold', [0.1, 0.3, 0.6, 0.7, 0.9])
def test_an_overlap_equal_to_the_threshold_keeps_both_boxes(threshold):
    boxes = torch.tensor([[0, 0, 10, 1.0], [0, 0, 10 * threshold, 1]])
    scores = torch.tensor([0.9, 0.8])
    assert ops.nms(boxes, scores, threshold)[1].tolist() == [0, 1]
    assert ops.nms(boxes, scores, threshold - 1e-6)[1].tolist() == [0]


def test_an_offset_of_1_counts_the_last_pixel():
    boxes, scores = torch.tensor([[0, 0, 9, 9.0], [0, 0, 9, 4]]), torch.tensor([0.9, 0.8])
    assert ops.nms(boxes, scores, 0.49, offset=0)[1].tolist() == [0, 1]  # 36 / 81
    assert ops.nms(boxes, scores, 0.49, offset=1)[1].tolist() == [0]  # 50 / 100


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_suppression_takes_every_precision(dtype):
    boxes = torch.tensor([[0, 0, 4, 4], [0, 0, 4, 3], [8, 8, 9, 9]], dtype=dtype)
    scores = torch.tensor([0.75, 0.5, 0.25], dtype=dtype)
    dets, kept = ops.nms(boxes, scores, 0.5)
    assert kept.tolist() == [0, 2] and dets.dtype == dtype
    dets, kept = ops.soft_nms(boxes, scores, 0.5)
    assert kept.tolist() == [0, 2, 1] and dets.dtype == dtype
    assert dets[2, 4].item() == pytest.approx(0.5 * 0.25, rel=1e-2)
    groups = ops.nms_match(torch.cat([boxes, scores[:, None]], 1), 0.5)
    assert [group.tolist() for group in groups] == [[0, 1], [2]]


def test_soft_suppression_fills_a_gap_with_the_last_box():
    boxes = torch.tensor([[0, 0, 4, 4], [0, 0, 4, 4], [8, 8, 9, 9], [20, 20, 21, 21.0]])
    scores = torch.tensor([0.9, 0.8, 0.5, 0.5])
    assert ops.soft_nms(boxes, scores, 0.3, method='naive')[1].tolist() == [0, 3, 2]


@pytest.mark.parametrize('angle', [0.1, 0.7, 1.3, 2.9, -2.2])
def test_a_rotated_box_overlaps_itself_entirely(angle):
    boxes = torch.tensor([[3.3, 7.1, 5.7, 2.9, angle], [400.7, 300.2, 57.3, 1.9, angle]])
    torch.testing.assert_close(ops.box_iou_rotated(boxes, boxes), torch.eye(2), rtol=0, atol=1e-5)


def test_rotated_squares_share_an_octagon():
    boxes = torch.tensor([[0, 0, 2, 2, 0.0], [0, 0, 2, 2, math.pi / 4]])
    octagon = 8 * (math.sqrt(2) - 1)
    assert ops.box_iou_rotated(boxes[:1], boxes[1:], 'iof').item() == pytest.approx(octagon / 4)
    iou = ops.box_iou_rotated(boxes[:1], boxes[1:], aligned=True).item()
    assert iou == pytest.approx(octagon / (8 - octagon))


def test_many_rotated_boxes_are_compared_in_parts(monkeypatch):
    boxes = torch.rand(40, 5, generator=torch.Generator().manual_seed(0)) * 5
    whole = ops.box_iou_rotated(boxes, boxes[:30])
    monkeypatch.setattr(boxes_module, '_PAIRS', 64)
    assert torch.equal(ops.box_iou_rotated(boxes, boxes[:30]), whole)


def maps_and_rois(dtype: torch.dtype = torch.float32):
    x = torch.randn(2, 3, 9, 8, generator=torch.Generator().manual_seed(0)).to(dtype)
    return x.requires_grad_(), torch.tensor([[0, 1, 1, 6, 7], [1, 2, 0, 5, 3]]).to(dtype)


@pytest.mark.parametrize('mode', ['avg', 'max'])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_roi_align_in_16_bits_is_near_and_keeps_its_precision(mode, dtype):
    x, rois = maps_and_rois()
    expected = ops.roi_align(x, rois, 2, 0.5, 0, mode)
    expected.sum().backward()
    for rois_dtype in (torch.float32, dtype):
        y = x.detach().to(dtype).requires_grad_()
        output = ops.roi_align(y, rois.to(rois_dtype), 2, 0.5, 0, mode)
        output.sum().backward()
        assert output.dtype == y.grad.dtype == dtype
        torch.testing.assert_close(output.float(), expected, rtol=0.02, atol=0.02)
        torch.testing.assert_close(y.grad.float(), x.grad, rtol=0.05, atol=0.05)


@pytest.mark.parametrize('mode', ['avg', 'max'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_roi_align_works_under_autocast(mode, dtype):
    x, rois = maps_and_rois(dtype)
    with torch.autocast('cpu', torch.bfloat16):
        output = ops.roi_align(x, rois.float(), 2, 0.5, 0, mode)
        output.float().sum().backward()
    assert output.dtype == x.grad.dtype == dtype
    expected = ops.roi_align(x.detach().float(), rois.float(), 2, 0.5, 0, mode)
    torch.testing.assert_close(output.float(), expected, rtol=0.02, atol=0.02)
    assert x.grad.float().sum().item() == pytest.approx(output.numel(), rel=0.02)


@pytest.mark.parametrize('mode', ['avg', 'max'])
def test_gradients_of_roi_align_are_its_derivatives(mode):
    x, rois = maps_and_rois(torch.float64)
    assert torch.autograd.gradcheck(lambda y: ops.roi_align(y, rois, 2, 0.5, 0, mode), x)


def test_a_roi_that_ends_before_it_starts_is_empty():
    x, _ = maps_and_rois()
    rois = torch.tensor([[0, 5, 5, 2, 7.0], [0, 5, 5, 2, 2], [0, 1, 1, 5, 5]])
    output = ops.roi_align(x, rois, 2)
    output.sum().backward()
    assert not output[:2].any() and output[2].all()
    assert x.grad[0].sum().item() == pytest.approx(3 * 4, rel=1e-5)


@pytest.mark.parametrize('batch', [0, 2])
def test_no_rois_and_no_images_give_empty_maps_and_gradients_of_zero(batch):
    x = torch.randn(batch, 3, 5, 6, requires_grad=True)
    for pool in (ops.RoIAlign(2), ops.RoIAlign(2, pool_mode='max'), ops.RoIPool(2)):
        output = pool(x, torch.zeros(0, 5))
        (grad,) = torch.autograd.grad(output.sum(), x)
        assert output.shape == (0, 3, 2, 2) and grad.shape == x.shape and not grad.any()


def test_a_convolution_of_no_images_is_empty():
    x, weight = torch.zeros(0, 2, 5, 5), torch.zeros(4, 2, 3, 3)
    output, sizes = x.new_zeros(0, 4, 3, 3), dict(kernel_h=3, kernel_w=3, stride_h=1, stride_w=1)
    sizes.update(pad_h=0, pad_w=0, dilation_h=1, dilation_w=1, group=1, deformable_group=1)
    offset, mask, none = x.new_zeros(0, 18, 3, 3), x.new_zeros(0, 9, 3, 3), x.new_zeros(0)
    served().modulated_deform_conv_forward(
        *(x, weight, none, none, offset, mask, output, none), with_bias=False, **sizes
    )
    assert output.shape == (0, 4, 3, 3)


def test_a_roi_that_is_no_number_changes_no_pixel():
    x, rois = maps_and_rois()
    rois[0, 1:] = math.nan
    output = ops.roi_align(x, rois, 2, 1.0, 2, 'max')
    output[1].sum().backward()
    assert output[1].isfinite().all() and x.grad.isfinite().all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_deformable_convolution_in_16_bits_is_near(dtype):
    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(*s, generator=generator) for s in ((2, 2, 6, 6), (4, 2, 3, 3)))
    offset = torch.randn(2, 18, 6, 6, generator=generator)
    expected = ops.deform_conv2d(x, offset, weight, 1, 1)
    y, given = x.to(dtype).requires_grad_(), offset.to(dtype)
    output = ops.deform_conv2d(y, given, weight, 1, 1)
    output.sum().backward()
    assert output.dtype == y.grad.dtype == dtype
    torch.testing.assert_close(output.float(), expected, rtol=0.1, atol=0.1)


def test_undeformed_convolution_is_a_convolution_with_its_gradients():
    layer = ops.ModulatedDeformConv2d(4, 6, 3, padding=1, groups=2, deform_groups=2).double()
    x = torch.randn(2, 4, 5, 6, dtype=torch.float64, requires_grad=True)
    plain = torch.nn.functional.conv2d(x, layer.weight, layer.bias, padding=1, groups=2)
    deformed = layer(x, x.new_zeros(2, 36, 5, 6), x.new_ones(2, 18, 5, 6))
    torch.testing.assert_close(deformed, plain)
    inputs = (x, layer.weight, layer.bias)
    share = torch.randn(plain.shape, dtype=torch.float64)
    expected = torch.autograd.grad(plain, inputs, share)
    actual = torch.autograd.grad(deformed, inputs, share)
    for mine, theirs in zip(actual, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_the_gradient_of_the_weights_is_never_that_of_another_call():
    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(*s, generator=generator) for s in ((1, 2, 5, 5), (3, 2, 3, 3)))
    offset, share, scratch = torch.zeros(1, 18, 3, 3), torch.ones(1, 3, 3, 3), torch.empty(0)
    sizes = dict(kW=3, kH=3, dW=1, dH=1, padW=0, padH=0, dilationW=1, dilationH=1, im2col_step=1)
    sizes.update(group=1, deformable_group=1)

    def of_input(share):
        grads = torch.zeros_like(x), torch.zeros_like(offset)
        served().deform_conv_backward_input(x, offset, share, *grads, weight, scratch, **sizes)

    def of_weight(share):
        grad = torch.zeros_like(weight)
        served().deform_conv_backward_parameters(
            x, offset, share, grad, scratch, torch.empty(0), scale=1, **sizes
        )
        return grad

    of_input(share)
    once = of_weight(share)
    assert once.any() and torch.equal(of_weight(share), once)
    of_input(share)
    share.mul_(2)  # the same tensor with other numbers
    torch.testing.assert_close(of_weight(share), 2 * once)
    of_input(share)
    torch.testing.assert_close(of_weight(torch.ones(1, 3, 3, 3)), once)


def test_deterministic_mode_is_left_as_it_was():
    x, rois = maps_and_rois()
    torch.use_deterministic_algorithms(True)
    try:
        ops.roi_align(x, rois, 2).sum().backward()
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
    assert x.grad.sum().item() == pytest.approx(2 * 3 * 4, rel=1e-5)


@pytest.mark.parametrize(
    'make',
    [
        lambda: ops.DeformConv2dPack(8, 8, 3, padding=1),
        lambda: ops.ModulatedDeformConv2dPack(8, 8, 3, padding=1),
        lambda: ops.CARAFEPack(8, 2),
        lambda: ops.SAConv2d(8, 8, 3, padding=1),
        lambda: ops.CornerPool('top'),
        lambda: ops.CrissCrossAttention(8),
        lambda: ops.MaskedConv2d(8, 8, 3, padding=1),
        lambda: SumCell(8, 8),
        lambda: functools.partial(ops.point_sample, points=torch.rand(2, 5, 2)),
    ],
    ids=['dcn', 'dcnv2', 'carafe', 'saconv', 'corners', 'cc', 'masked', 'cells', 'points'],
)
def test_a_layer_that_toolboxes_use_runs_forward_and_backward(make):
    torch.manual_seed(0)
    layer, x = make(), torch.randn(2, 8, 6, 6, requires_grad=True)
    given = (x, x) if isinstance(layer, SumCell) else (x,)
    (grad,) = torch.autograd.grad(layer(*given).square().sum(), x)
    assert grad.isfinite().all() and grad.any()
