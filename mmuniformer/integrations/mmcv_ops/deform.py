"""Deformable convolution (DCN, Eq. 2) and its modulated form (DCNv2, Eq. 1).

Sizes have mmcv's names: ``kernel_h``, ``stride_h``, ``pad_h``, ``dilation_h`` and ``group`` of the
modulated form are ``kH``, ``dH``, ``padH``, ``dilationH`` and ``group`` of the other one.
"""

import weakref
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .common import nondeterminism_allowed, working_dtype

__all__ = [
    'deform_conv_backward_input',
    'deform_conv_backward_parameters',
    'deform_conv_forward',
    'modulated_deform_conv_backward',
    'modulated_deform_conv_forward',
]


class _Steps(NamedTuple):
    """The numbers torchvision's operators take, in their order."""

    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    dilation_h: int
    dilation_w: int
    groups: int
    offset_groups: int


def _steps(sizes: dict[str, int]) -> _Steps:
    """Read the sizes of the plain form."""
    names = 'dH', 'dW', 'padH', 'padW', 'dilationH', 'dilationW', 'group', 'deformable_group'
    return _Steps(*(sizes[name] for name in names))


def _modulated_steps(sizes: dict[str, int]) -> _Steps:
    """Read the sizes of the modulated form."""
    names = *_Steps._fields[:6], 'group', 'deformable_group'
    return _Steps(*(sizes[name] for name in names))


def deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    output: Tensor,
    columns: Tensor,
    ones: Tensor,
    **sizes: int,
) -> None:
    """Convolve ``(N, C, H, W)`` at moved positions to ``output`` ``(N, C', H', W')``.

    ``offset`` ``(N, 2 * groups * taps, H', W')`` holds y and x of each tap in turn.
    """
    output.copy_(_forward(input, weight, offset, None, None, _steps(sizes)))


def deform_conv_backward_input(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,  # noqa: N803
    gradInput: Tensor,  # noqa: N803
    gradOffset: Tensor,  # noqa: N803
    weight: Tensor,
    columns: Tensor,
    **sizes: int,
) -> None:
    """Write the gradients of the input and of the offsets."""
    grads = _backward(gradOutput, input, weight, offset, None, _steps(sizes))
    gradInput.copy_(grads[0])
    gradOffset.copy_(grads[2])
    # torchvision computes all gradients at once. mmcv asks for that of the weights next, with the
    # same tensors; ``columns`` is scratch space of this pair of calls.
    vars(columns)['left_over'] = (weakref.ref(gradOutput), gradOutput._version, grads[1])


def deform_conv_backward_parameters(
    input: Tensor,
    offset: Tensor,
    gradOutput: Tensor,  # noqa: N803
    gradWeight: Tensor,  # noqa: N803
    columns: Tensor,
    ones: Tensor,
    scale: float,
    **sizes: int,
) -> None:
    """Add ``scale`` times the gradient of the weights to ``gradWeight``."""
    of, version, grad = vars(columns).pop('left_over', (lambda: None, None, None))
    if of() is not gradOutput or version != gradOutput._version:
        grad = _backward(gradOutput, input, gradWeight, offset, None, _steps(sizes))[1]
    gradWeight.add_(grad, alpha=scale)


def modulated_deform_conv_forward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    columns: Tensor,
    with_bias: bool,
    **sizes: int,
) -> None:
    """Convolve ``(N, C, H, W)`` at moved positions, each tap times ``mask``, to ``output``.

    ``mask`` is ``(N, groups * taps, H', W')``, ``offset`` twice as long with y and x of each tap.
    """
    offset, mask = (_cut(tensor, output.shape[2:]) for tensor in (offset, mask))
    shift, steps = bias if with_bias else None, _modulated_steps(sizes)
    output.copy_(_forward(input, weight, offset, mask, shift, steps))


def modulated_deform_conv_backward(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    columns: Tensor,
    grad_input: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    with_bias: bool,
    **sizes: int,
) -> None:
    """Write all gradients, that of the bias only ``with_bias``."""
    cut, gates = (_cut(tensor, grad_output.shape[2:]) for tensor in (offset, mask))
    grads = _backward(grad_output, input, weight, cut, gates, _modulated_steps(sizes))
    targets = (grad_input, grad_weight, grad_offset, grad_mask)
    for target, grad in zip(targets, grads, strict=False):
        rest = target.shape[1:].numel() - grad.shape[1:].numel()
        target.copy_(F.pad(grad.flatten(1), (0, rest)).view(target.shape))
    if with_bias:
        grad_bias.copy_(grads[4])


def _cut(tensor: Tensor, size: torch.Size) -> Tensor:
    """Take as much of each image's offsets or masks ``(N, C, *S)`` as an output of ``size`` needs.

    mmcv reads them on as they lie in memory. DyHead goes by that: it hands over the offsets of a
    larger level, and its weights were trained so.
    """
    count = tensor.shape[1] * size.numel()
    if tensor.shape[2:] == size or tensor.shape[1:].numel() < count:
        return tensor
    return tensor.flatten(1)[:, :count].unflatten(1, (-1, *size))


def _forward(
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    bias: Tensor | None,
    steps: _Steps,
) -> Tensor:
    dtype = working_dtype(input, weight, offset, half=True)
    input, weight, offset = (tensor.to(dtype) for tensor in (input, weight, offset))
    bias = weight.new_zeros(len(weight)) if bias is None else bias.to(dtype)
    gates = input.new_zeros(len(input), 1) if mask is None else mask.to(dtype)
    convolve = torch.ops.torchvision.deform_conv2d
    return convolve(input, weight, offset, gates, bias, *steps, mask is not None)


def _backward(
    grad: Tensor,
    input: Tensor,
    weight: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    steps: _Steps,
) -> list[Tensor]:
    """Return the gradients of input, weight, offset, mask and bias."""
    dtype = working_dtype(input, weight, offset, half=True)
    grad, input, weight, offset = (tensor.to(dtype) for tensor in (grad, input, weight, offset))
    gates = input.new_zeros(len(input), 1) if mask is None else mask.to(dtype)
    with nondeterminism_allowed():
        differentiate = torch.ops.torchvision._deform_conv2d_backward
        bias = weight.new_zeros(len(weight))
        grads = list(
            differentiate(grad, input, weight, offset, gates, bias, *steps, mask is not None)
        )
    grads[2] = grads[2].masked_fill(_outside(offset, weight.shape[2:], steps), 0)
    return grads


def _outside(offset: Tensor, kernel: torch.Size, steps: _Steps) -> Tensor:
    """Return which offsets put a tap one whole pixel or more before the map.

    There, e.g. with padding of 1 and offsets of 0, torchvision takes the gradient of the
    first pixel of the map; that of mmcv is 0.
    """
    batch, _, height, width = offset.shape
    moves = offset.view(batch, -1, *kernel, 2, height, width)

    def before(axis: int, taps: int, length: int, stride: int, pad: int, dilation: int) -> Tensor:
        tap = torch.arange(taps, device=offset.device) * dilation
        start = torch.arange(length, device=offset.device) * stride - pad
        shape = (taps, 1, length, 1) if axis == 0 else (taps, 1, length)
        grid = (start + tap[:, None]).view(shape)
        return (grid + moves[..., axis, :, :]) <= -1

    y = before(0, kernel[0], height, steps.stride_h, steps.pad_h, steps.dilation_h)
    x = before(1, kernel[1], width, steps.stride_w, steps.pad_w, steps.dilation_w)
    return (y | x).unsqueeze(4).expand_as(moves).reshape(offset.shape)
