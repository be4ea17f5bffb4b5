"""Faster forms of layers for CPUs, swapped in after a net is built.

:func:`accelerate` replaces the classes of modules by subclasses with the same function, parameters
and names, :func:`plain` restores them. Weights, hooks, copies and pickles do not notice. The
backbones call :func:`accelerate` when they are built, unless told not to.

Each form falls back to the plain one under ``torch.compile``, ``torch.export`` and ``jit.trace``,
which then record standard operators.

Times below: PyTorch 2.11, float32, one thread.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import GlobalBlock
from .blocks_v2 import LocalUniBlock
from .dpe import DPE, DPE2d, DPE3d
from .drop_path import DropPath
from .mlp import Mlp

# The residual branches of these blocks treat each sample separately: no BatchNorm.
SAMPLEWISE = (GlobalBlock, LocalUniBlock)

_COLUMNS = 3  # widest kernel whose gradient PyTorch computes fast
_CHUNK = 4 * 2**20  # bytes of a hidden map that are computed at a time
_LARGE = 16 * 2**20  # bytes of a hidden map above which that pays off
_CONVOLVE = {2: F.conv2d, 3: F.conv3d}


def accelerate(net: nn.Module) -> nn.Module:
    """Swap in the faster forms of all layers of ``net`` that have one, in place; return ``net``."""
    for module in net.modules():
        fast = FAST.get(type(module))
        if fast is not None and (isinstance(module, Mlp) or _is_depthwise(module)):
            module.__class__ = fast
        if isinstance(module, SAMPLEWISE) and type(module.drop_path) is DropPath:
            module.drop_path.__class__ = SparseDropPath
    return net


def plain(net: nn.Module, *forms: type[nn.Module]) -> nn.Module:
    """Undo :func:`accelerate`, in place, for the given ``forms`` or for all; return ``net``."""
    for module in net.modules():
        if type(module) in (forms or PLAIN):
            module.__class__ = PLAIN[type(module)]
    return net


def _is_depthwise(module: nn.Module) -> bool:
    """Whether ``module`` is a depthwise convolution that keeps the size of the map."""
    if not isinstance(module, nn.Conv2d | nn.Conv3d):
        return False
    return (
        module.groups == module.in_channels == module.out_channels > 1
        and module.padding == _half(module.kernel_size)
        and all(size % 2 for size in module.kernel_size)
        and set(module.stride) == set(module.dilation) == {1}
        and module.padding_mode == 'zeros'
    )


def _is_recorded() -> bool:
    """True under ``torch.compile``, ``torch.export`` or ``jit.trace``."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


class SparseDropPath(DropPath):
    """Drop path that does not compute the branches it drops."""

    def add(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        if not self.training or self.rate == 0.0 or torch.compiler.is_compiling():
            return super().add(x, branch)
        # Drawn on the host, which has to know the number of samples to compute.
        keep = 1.0 - self.rate
        kept = (torch.rand(len(x)) < keep).nonzero().flatten()
        if len(kept) == len(x):
            return torch.add(x, branch(x), alpha=1 / keep)
        if len(kept) == 0:
            # DistributedDataParallel waits for a gradient of every parameter, if only of zeros.
            return x + 0 * branch(x)
        kept = kept.to(x.device)
        return x.index_add(0, kept, branch(x.index_select(0, kept)).to(x.dtype), alpha=1 / keep)


class ChunkedMlp(Mlp):
    """FFN that computes large hidden maps ``(B, hidden_dim, *S)`` in chunks of rows on a CPU.

    The memory of a large map comes from the operating system page by page, each time anew: a third
    of the FFN's time. Tokens ``(B, N, C)`` gain nothing.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim > 3 and x.is_cpu and not _is_recorded() and not self._has_hooks():
            size = x.numel() // x.shape[1] * len(self.fc1.weight) * x.element_size()
            if size > _LARGE:
                return self._chunked_forward(x, -(-size // _CHUNK))
        return super().forward(x)

    def _chunked_forward(self, x: Tensor, count: int) -> Tensor:
        B, _, length = x.shape[:3]
        samples = -(-B // count)
        rows = -(-length * B // count) if samples == 1 else length
        return _chunked(partial(_chunked, super().forward, rows, 2), samples, 0, x)

    def _has_hooks(self) -> bool:
        """Whether a hook on a layer would see chunks."""
        return any(
            layer._forward_hooks
            or layer._forward_pre_hooks
            or layer._backward_hooks
            or layer._backward_pre_hooks
            for layer in self.children()
        )


def _chunked(function: Callable[[Tensor], Tensor], size: int, dim: int, x: Tensor) -> Tensor:
    chunks = [function(chunk) for chunk in x.split(size, dim)]
    return torch.cat(chunks, dim) if len(chunks) > 1 else chunks[0]


class FastDepthwise2d(nn.Conv2d):
    """Depthwise convolution of images with faster gradients on a CPU.

    PyTorch's gradient of a kernel more than three columns wide takes 12 times as long as that of
    three columns. Here it is computed in strips of three columns.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size[-1] > _COLUMNS and _needs_gradients(x):
            return _Depthwise.apply(x, self.weight, self.bias)
        return super().forward(x)


class FastDepthwise3d(nn.Conv3d):
    """Depthwise convolution of clips with faster gradients on a CPU.

    PyTorch's gradient of the input takes 16 times as long as the convolution. Here it is computed
    as what it is, a convolution of the incoming gradient with the mirrored kernel. The gradient of
    the kernel is computed frame by frame. A convolution in time alone, over positions in a row, is
    one in two dimensions, which takes an eighth of the time.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size[-1] == 1 and x.shape[-1] == 1:
            kernel, padding = self.weight.squeeze(-1), self.padding[:2]
            out = F.conv2d(x.squeeze(-1), kernel, self.bias, padding=padding, groups=self.groups)
            return out.unsqueeze(-1)
        if _needs_gradients(x):
            return _Depthwise.apply(x, self.weight, self.bias)
        return super().forward(x)


class FastDPE2d(DPE, FastDepthwise2d):
    """DPE of images with faster gradients on a CPU."""


class FastDPE3d(DPE, FastDepthwise3d):
    """DPE of clips with faster gradients on a CPU."""


def _needs_gradients(x: Tensor) -> bool:
    return x.is_cpu and torch.is_grad_enabled() and not _is_recorded()


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
            gradient = _kernel_gradient_2d if weight.ndim == 4 else _kernel_gradient_3d
            grads[1] = gradient(x, grad, weight)
        if ctx.needs_input_grad[2]:
            grads[2] = grad.sum((0, *range(2, grad.ndim)))
        return tuple(grads)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    padding = _half(weight.shape[2:])
    return _CONVOLVE[x.ndim - 2](x, weight, bias, padding=padding, groups=len(weight))


def _kernel_gradient_2d(x: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient of ``weight`` ``(C, 1, rows, columns)``, in strips of columns.

    Args:
        x: input of the convolution, ``(B, C, H, W)``.
        grad: gradient of its output, ``(B, C, H, W)``.
    """
    side = weight.shape[-1] // 2
    return _in_strips(F.pad(x, (side, side)), grad, weight)


def _kernel_gradient_3d(x: Tensor, grad: Tensor, weight: Tensor) -> Tensor:
    """Gradient of ``weight`` ``(C, 1, frames, rows, columns)``, frame by frame of the kernel.

    Args:
        x: input of the convolution, ``(B, C, T, H, W)``.
        grad: gradient of its output, ``(B, C, T, H, W)``.
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
    """Gradient of ``weight`` for an input that is already padded on the left and right."""
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


# By exact type: a module of any other class is left alone.
FAST: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: FastDepthwise2d,
    nn.Conv3d: FastDepthwise3d,
    DPE2d: FastDPE2d,
    DPE3d: FastDPE3d,
    Mlp: ChunkedMlp,
}
PLAIN = {fast: slow for slow, fast in FAST.items()} | {SparseDropPath: DropPath}
