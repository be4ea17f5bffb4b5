"""The two UniFormer blocks: DPE, MHRA and FFN with local or global affinity (Sec. 3, Eq. 1-3)."""

from functools import partial

import torch
from torch import Tensor, nn

from .attention import Attention, windowed
from .drop_path import DropPath
from .mlp import Mlp
from .nd import batch_norm, depthwise, pointwise


class _Block(nn.Module):
    """What both blocks share: the position embedding and the weighted residual branches."""

    def __init__(self, ndim: int, dim: int, drop_path: float, gamma: Tensor | None):
        super().__init__()
        self.pos_embed = depthwise(ndim, dim, 3)
        self.drop_path = DropPath(drop_path)
        for name in ('gamma_1', 'gamma_2'):
            self.register_parameter(name, None if gamma is None else nn.Parameter(gamma.clone()))

    def residual(self, x: Tensor, branch: Tensor, gamma: Tensor | None) -> Tensor:
        return x + self.drop_path(branch if gamma is None else gamma * branch)


class LocalBlock(_Block):
    """UniFormer block whose affinity is a learnt 5×5(×5) neighbourhood (Eq. 6), on ``(B, C, *S)``.

    In the published files the affinity, a depthwise convolution, is called ``attn``.

    Args:
        ndim: 2 for images, 3 for clips.
        layer_scale: initial value of the factor on each residual branch, ``None`` for no factor.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ):
        gamma = None
        if layer_scale is not None:
            gamma = torch.full((1, dim) + (1,) * ndim, layer_scale)
        super().__init__(ndim, dim, drop_path, gamma)
        self.norm1 = batch_norm(ndim, dim)
        self.conv1 = pointwise(ndim, dim, dim)
        self.attn = depthwise(ndim, dim, 5)
        self.conv2 = pointwise(ndim, dim, dim)
        self.norm2 = batch_norm(ndim, dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop, layer=partial(pointwise, ndim))

    def relate(self, x: Tensor) -> Tensor:
        return self.conv2(self.attn(self.conv1(x)))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pos_embed(x)  # DPE
        x = self.residual(x, self.relate(self.norm1(x)), self.gamma_1)  # MHRA
        return self.residual(x, self.mlp(self.norm2(x)), self.gamma_2)  # FFN


class GlobalBlock(_Block):
    """UniFormer block with self-attention (Eq. 7), on maps ``(B, C, *S)``.

    Args:
        ndim: 2 for images, 3 for clips.
        window_size: attend within windows of this many rows and columns instead of everywhere
            (images only). Window and global blocks have the same parameters.
        layer_scale: initial value of the factor on each residual branch, ``None`` for no factor.
        norm_eps: of both LayerNorms.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        head_dim: int = 64,
        window_size: int | None = None,
        mlp_ratio: float = 4.0,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        norm_eps: float = 1e-6,
    ):
        gamma = None if layer_scale is None else torch.full((dim,), layer_scale)
        super().__init__(ndim, dim, drop_path, gamma)
        self.window_size = window_size
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = Attention(dim, head_dim, attn_drop, drop)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), drop)

    def relate(self, x: Tensor, size: torch.Size) -> Tensor:
        if self.window_size is None:
            return self.attn(x)
        return windowed(self.attn, x, *size, self.window_size)

    def forward(self, x: Tensor) -> Tensor:
        B, C, *size = x.shape
        x = x + self.pos_embed(x)  # DPE
        x = x.flatten(2).transpose(1, 2)  # (B, N, C)
        x = self.residual(x, self.relate(self.norm1(x), size), self.gamma_1)  # MHRA
        x = self.residual(x, self.mlp(self.norm2(x)), self.gamma_2)  # FFN
        return x.transpose(1, 2).reshape(B, C, *size)

    def extra_repr(self) -> str:
        return f'window_size={self.window_size}'
