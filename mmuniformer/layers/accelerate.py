"""Faster forms of layers for CPUs, swapped in after a net is built.

:func:`accelerate` replaces the classes of modules by subclasses with the same function, parameters
and names, :func:`plain` restores them. Weights, hooks, copies and pickles do not notice. The
backbones call :func:`accelerate` when they are built, unless told not to.

``torch.compile``, ``torch.export`` and ``jit.trace`` see standard operators. Times below: PyTorch
2.11, float32, one thread.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .activation import QuickGELU
from .blocks import GlobalBlock
from .blocks_v2 import LocalUniBlock, TokenMlp
from .dpe import DPE, DPE2d, DPE3d
from .drop_path import DropPath
from .mlp import Mlp
from .nd import Depthwise2d, Depthwise3d, same_padding

# The residual branches of these blocks treat each sample separately: no BatchNorm.
SAMPLEWISE = (GlobalBlock, LocalUniBlock)

_COLUMNS = 3  # widest kernel whose gradient PyTorch computes fast
_CONVOLVE = {2: F.conv2d, 3: F.conv3d}


def accelerate(net: nn.Module) -> nn.Module:
    """Swap in the faster forms of all layers of ``net`` that have one, in place; return ``net``."""
    for module in net.modules():
        if type(module) in FAST:
            module.__class__ = FAST[type(module)]
        if isinstance(module, SAMPLEWISE) and type(module.drop_path) is DropPath:
            module.drop_path.__class__ = SparseDropPath
        if isinstance(module, Mlp | TokenMlp) and type(module.act) in INPLACE:
            module.act.__class__ = INPLACE[type(module.act)]
    return net


def plain(net: nn.Module, *forms: type[nn.Module]) -> nn.Module:
    """Undo :func:`accelerate`, in place, for the given ``forms`` or for all; return ``net``."""
    for module in net.modules():
        if type(module) in (forms or PLAIN):
            module.__class__ = PLAIN[type(module)]
    return net


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


class InplaceGELU(nn.GELU):
    """GELU that overwrites its input in inference; nothing else may read the layer before it."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or _is_recorded():
            return super().forward(x)
        return torch.ops.aten.gelu_(x)


class InplaceQuickGELU(QuickGELU):
    """QuickGELU that overwrites its input in inference, as :class:`InplaceGELU`."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or _is_recorded():
            return super().forward(x)
        return F.silu(x.mul_(self.slope), inplace=True).mul_(1 / self.slope)


class FastDepthwise2d(Depthwise2d):
    """Depthwise convolution of images with faster gradients on a CPU.

    PyTorch's gradient of a kernel more than three columns wide takes 12 times as long as that of
    three columns. Here it is computed in strips of three columns.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size[-1] > _COLUMNS and _needs_gradients(x):
            return _Depthwise.apply(x, self.weight, self.bias)
        return super().forward(x)


class FastDepthwise3d(Depthwise3d):
    """Depthwise convolution of clips with faster gradients on a CPU.

    PyTorch's gradient of the input takes 16 times as long as the convolution. Here it is a
    convolution as well, with the mirrored kernel; the gradient of the kernel is computed frame by
    frame. A kernel in time alone, over positions in a row, is one in two dimensions, which takes an
    eighth of the time.
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


def _is_recorded() -> bool:
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


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
    Depthwise2d: FastDepthwise2d,
    Depthwise3d: FastDepthwise3d,
    DPE2d: FastDPE2d,
    DPE3d: FastDPE3d,
}
INPLACE = {nn.GELU: InplaceGELU, QuickGELU: InplaceQuickGELU}
PLAIN = {fast: slow for slow, fast in (FAST | INPLACE).items()} | {SparseDropPath: DropPath}
