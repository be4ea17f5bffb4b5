"""The UniFormer blocks: DPE, MHRA and FFN with local or global affinity (Sec. 3, Eq. 1-3)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from .attention import Attention
from .dpe import DPES
from .drop_path import DropPath
from .mlp import Mlp
from .nd import DEPTHWISE, Kernel, batch_norm, pointwise
from .windows import windowed


class Block(nn.Module):
    """Base class of the blocks: position embedding, residual connections and layer scale.

    Args:
        ndim: 2 for images, 3 for clips.
        dim: number of channels.
        dpe_kernel: kernel size of the position embedding, one odd number or one for each
            dimension; ``None`` for no position embedding.
        layer_scale: initial value of the layer scale, ``None`` for no layer scale.
        gamma_shape: shape of its parameters.
    """

    gamma_names: ClassVar[tuple[str, ...]] = ('gamma_1', 'gamma_2')

    norm1: nn.Module
    norm2: nn.Module
    mlp: Mlp
    gamma_1: nn.Parameter | None
    gamma_2: nn.Parameter | None

    def __init__(
        self,
        ndim: int,
        dim: int,
        dpe_kernel: Kernel | None,
        drop_path: float,
        layer_scale: float | None,
        gamma_shape: Sequence[int],
    ):
        super().__init__()
        self.pos_embed = nn.Identity() if dpe_kernel is None else DPES[ndim](dim, dpe_kernel)
        self.drop_path = DropPath(drop_path)
        for name in self.gamma_names:
            gamma = None
            if layer_scale is not None:
                gamma = nn.Parameter(torch.full(tuple(gamma_shape), layer_scale))
            self.register_parameter(name, gamma)

    def residual(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        return self.drop_path.add(x, branch)

    def ffn(self, x: Tensor) -> Tensor:
        return scale(self.mlp(self.norm2(x)), self.gamma_2)


def scale(x: Tensor, gamma: Tensor | None) -> Tensor:
    return x if gamma is None else gamma * x


class LocalBlock(Block):
    """UniFormer block with local affinity, a learned 5×5(×5) neighborhood (Eq. 6).

    Input and output: ``(B, C, *S)``. The affinity is a depthwise convolution, which the published
    files call ``attn``.

    Args:
        kernel_size: size of the neighborhood, one odd number or one for each dimension.
        ndim, dim, dpe_kernel, layer_scale: see :class:`Block`.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        kernel_size: Kernel = 5,
        dpe_kernel: Kernel | None = 3,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ):
        shape = (1, dim, *[1] * ndim)
        super().__init__(ndim, dim, dpe_kernel, drop_path, layer_scale, shape)
        self.norm1 = batch_norm(ndim, dim)
        self.conv1 = pointwise(ndim, dim, dim)
        self.attn = DEPTHWISE[ndim](dim, kernel_size)
        self.conv2 = pointwise(ndim, dim, dim)
        self.norm2 = batch_norm(ndim, dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop, layer=partial(pointwise, ndim))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pos_embed(x)  # DPE
        x = self.residual(x, self.mhra)  # MHRA
        return self.residual(x, self.ffn)  # FFN

    def mhra(self, x: Tensor) -> Tensor:
        return scale(self.conv2(self.attn(self.conv1(self.norm1(x)))), self.gamma_1)


class GlobalBlock(Block):
    """UniFormer block with global affinity, self-attention (Eq. 7).

    Input and output: ``(B, C, *S)``.

    Args:
        window_size: attend within windows of this many rows and columns (images only); ``None``
            attends to all tokens. Window and global blocks have the same parameters.
        norm_eps: epsilon of the LayerNorms.
        ndim, dim, dpe_kernel, layer_scale: see :class:`Block`.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        head_dim: int = 64,
        dpe_kernel: Kernel | None = 3,
        window_size: int | None = None,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        norm_eps: float = 1e-6,
    ):
        super().__init__(ndim, dim, dpe_kernel, drop_path, layer_scale, (dim,))
        self.window_size = window_size
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = Attention(dim, head_dim, attn_drop, drop)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop)

    def forward(self, x: Tensor) -> Tensor:
        B, C, *size = x.shape
        x = self.pos_embed(x).flatten(2).transpose(1, 2)  # DPE; (B, N, C)
        x = self.residual(x, partial(self.mhra, size=size))  # MHRA
        x = self.residual(x, self.ffn)  # FFN
        return x.transpose(1, 2).reshape(B, C, *size)

    def mhra(self, x: Tensor, size: Sequence[int]) -> Tensor:
        return scale(self.attend(self.norm1(x), size), self.gamma_1)

    def attend(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """Attention among the normalized tokens ``x`` ``(B, N, C)`` of a map of ``size``."""
        if self.window_size is None:
            return self.attn(x)
        height, width = size
        return windowed(self.attn, x, height, width, self.window_size)

    def extra_repr(self) -> str:
        return f'window_size={self.window_size}'
