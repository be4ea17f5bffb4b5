"""Faster forms of layers for CPUs, swapped in after a net is built.

:func:`accelerate` replaces the classes of modules by subclasses with the same function, parameters
and names, :func:`plain` restores them. Weights, hooks, copies and pickles do not notice. The
backbones call :func:`accelerate` when they are built, unless told not to.

``torch.compile``, ``torch.export`` and ``jit.trace`` see standard operators. Times below: PyTorch
2.11, float32, one thread.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .activation import QuickGELU
from .blocks import GlobalBlock
from .blocks_v2 import LocalUniBlock, TokenMlp
from .depthwise_gradient import FAST_COLUMNS, DepthwiseConv
from .dpe import DPE, DPE2d, DPE3d
from .drop_path import DropPath
from .mlp import Mlp
from .nd import Depthwise2d, Depthwise3d

# The residual branches of these blocks treat each sample separately: no BatchNorm.
SAMPLEWISE = (GlobalBlock, LocalUniBlock)


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
        if self.kernel_size[-1] > FAST_COLUMNS and _needs_gradients(x):
            return DepthwiseConv.apply(x, self.weight, self.bias)
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
            return DepthwiseConv.apply(x, self.weight, self.bias)
        return super().forward(x)


class FastDPE2d(DPE, FastDepthwise2d):
    """DPE of images with faster gradients on a CPU."""


class FastDPE3d(DPE, FastDepthwise3d):
    """DPE of clips with faster gradients on a CPU."""


def _needs_gradients(x: Tensor) -> bool:
    return x.is_cpu and torch.is_grad_enabled() and not _is_recorded()


def _is_recorded() -> bool:
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


# By exact type: a module of any other class is left alone.
FAST: dict[type[nn.Module], type[nn.Module]] = {
    Depthwise2d: FastDepthwise2d,
    Depthwise3d: FastDepthwise3d,
    DPE2d: FastDPE2d,
    DPE3d: FastDPE3d,
}
INPLACE = {nn.GELU: InplaceGELU, QuickGELU: InplaceQuickGELU}
PLAIN = {fast: slow for slow, fast in (FAST | INPLACE).items()} | {SparseDropPath: DropPath}
