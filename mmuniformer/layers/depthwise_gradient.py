"""Depthwise convolution with gradients that are fast on a CPU; the values are PyTorch's."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .nd import same_padding

FAST_COLUMNS = 3  # widest kernel whose gradient PyTorch computes fast
_CONVOLVE = {2: F.conv2d, 3: F.conv3d}


class DepthwiseConv(torch.autograd.Function):
    """Depthwise convolution of ``(B, C, *S)`` that keeps the size of the map."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return _convolve(x, weight, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        x, weight, _ = inputs
        ctx.save_for_backward(x, weight)
        ctx.dtype = output.dtype  # autocast may have chosen it

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = (saved.to(ctx.dtype) for saved in ctx.saved_tensors)
        of_x, of_weight, of_bias = ctx.needs_input_grad
        axes = tuple(range(2, weight.ndim))
        return (
            _convolve(grad, weight.flip(axes), None) if of_x else None,
            _kernel_gradient(x, grad, weight) if of_weight else None,
            grad.sum((0, *axes)) if of_bias else None,
        )


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    padding = same_padding(weight.shape[2:])
    return _CONVOLVE[x.ndim - 2](x, weight, bias, padding=padding, groups=len(weight))


def _kernel_gradient(x: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient of ``weight`` ``(C, 1, *kernel)``, one frame and strip of columns at a time.

    Args:
        x: input of the convolution, ``(B, C, *S)``.
        grad: gradient of its output, ``(B, C, *S)``.
    """
    if x.ndim == 4:
        inputs = (tensor.unsqueeze(2) for tensor in (x, grad, weight))
        return _kernel_gradient(*inputs).squeeze(2)
    time, side, length = weight.shape[2] // 2, weight.shape[-1] // 2, x.shape[2]
    frames = F.pad(x.movedim(2, 0), (side, side, 0, 0, 0, 0, 0, 0, time, time))
    grad = grad.movedim(2, 0).flatten(0, 1)  # (T·B, C, H, W)
    return torch.stack(
        [
            _in_strips(frames[first : first + length].flatten(0, 1), grad, kernel)
            for first, kernel in enumerate(weight.unbind(2))
        ],
        2,
    )


def _in_strips(padded: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient of ``weight`` ``(C, 1, rows, columns)``; ``padded`` is so on the left and right."""
    strips, width = [], grad.shape[-1]
    for first in range(0, weight.shape[-1], FAST_COLUMNS):
        kernel = weight[..., first : first + FAST_COLUMNS]
        seen = padded[..., first : first + width + kernel.shape[-1] - 1]
        _, strip, _ = torch.ops.aten.convolution_backward(
            grad, seen, kernel, None, (1, 1), (weight.shape[-2] // 2, 0), (1, 1), False, (0, 0),
            len(weight), (False, True, False),
        )  # fmt: skip
        strips.append(strip)
    return torch.cat(strips, -1)
