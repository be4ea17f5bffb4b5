"""Depthwise convolutions that keep the size of the map, with gradients that are fast on a CPU.

The function is PyTorch's own, and so are its gradients but for the order of sums. Three of
PyTorch's paths are slow on a CPU and are gone round (times: PyTorch 2.11, float32, one thread):

- the gradient of a clip, 16 times as long as the convolution itself. It is a convolution, too: of
  the gradient that comes in, with the mirrored kernel;
- the gradient of a kernel more than three columns wide, 12 times as long as that of three columns.
  It is put together from strips of columns, and that of a clip from frames;
- a kernel in time alone, on positions in a row, which in two dimensions takes an eighth.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .tracing import is_traced

_COLUMNS = 3  # of a kernel whose gradient is fast
_CONVOLVE = {2: F.conv2d, 3: F.conv3d}


class DepthwiseConv2d(nn.Conv2d):
    """Depthwise convolution of ``(B, C, H, W)``; zero padding keeps the size of the map."""

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size[-1] > _COLUMNS and _computes_gradients(x):
            return _Depthwise.apply(x, self.weight, self.bias)
        return super().forward(x)


class DepthwiseConv3d(nn.Conv3d):
    """Depthwise convolution of ``(B, C, T, H, W)``; zero padding keeps the size of the map."""

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size[-1] == 1 and x.shape[-1] == 1:
            kernel, padding = self.weight.squeeze(-1), self.padding[:2]
            out = F.conv2d(x.squeeze(-1), kernel, self.bias, padding=padding, groups=self.groups)
            return out.unsqueeze(-1)
        if _computes_gradients(x):
            return _Depthwise.apply(x, self.weight, self.bias)
        return super().forward(x)


DEPTHWISE = {2: DepthwiseConv2d, 3: DepthwiseConv3d}


def depthwise(ndim: int, channels: int, kernel_size: int | tuple[int, ...]) -> nn.Module:
    """Depthwise convolution that keeps the size of the map by zero padding."""
    if isinstance(kernel_size, int):
        kernel_size = (kernel_size,) * ndim
    padding = _half(kernel_size)
    return DEPTHWISE[ndim](channels, channels, kernel_size, padding=padding, groups=channels)


def _computes_gradients(x: Tensor) -> bool:
    """Whether gradients will be computed on a CPU, by PyTorch's engine as it stands."""
    return x.is_cpu and torch.is_grad_enabled() and not is_traced()


def _half(kernel_size: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size // 2 for size in kernel_size)


class _Depthwise(torch.autograd.Function):
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
        grads: list[Tensor | None] = [None, None, None]
        if ctx.needs_input_grad[0]:
            grads[0] = _convolve(grad, weight.flip(*range(2, weight.ndim)), None)
        if ctx.needs_input_grad[1]:
            gradient = kernel_gradient if weight.ndim == 4 else kernel_gradient_of_clips
            grads[1] = gradient(x, grad, weight)
        if ctx.needs_input_grad[2]:
            grads[2] = grad.sum((0, *range(2, grad.ndim)))
        return tuple(grads)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    padding = _half(weight.shape[2:])
    return _CONVOLVE[x.ndim - 2](x, weight, bias, padding=padding, groups=len(weight))


def kernel_gradient(x: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient of ``weight`` ``(C, 1, rows, columns)``, strip by strip.

    Args:
        x: input of the convolution, ``(B, C, H, W)``.
        grad: of its output, likewise.
    """
    side = weight.shape[-1] // 2
    return _in_strips(F.pad(x, (side, side)), grad, weight)


def kernel_gradient_of_clips(x: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient of ``weight`` ``(C, 1, frames, rows, columns)``, frame by frame of the kernel.

    Args:
        x: input of the convolution, ``(B, C, T, H, W)``.
        grad: of its output, likewise.
    """
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
    """The same of an ``x`` that is padded at the left and right."""
    strips, width = [], grad.shape[-1]
    for first in range(0, weight.shape[-1], _COLUMNS):
        kernel = weight[..., first : first + _COLUMNS]
        seen = padded[..., first : first + width + kernel.shape[-1] - 1]
        _, strip, _ = torch.ops.aten.convolution_backward(
            grad, seen, kernel, None, (1, 1), (weight.shape[-2] // 2, 0), (1, 1), False, (0, 0),
            len(weight), (False, True, False),
        )  # fmt: skip
        strips.append(strip)
    return torch.cat(strips, -1)
