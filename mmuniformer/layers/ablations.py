"""Blocks of the paper's ablations (UniFormer, Tables 10 and 11); no published model has them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Attention
from .blocks import Block, GlobalBlock, scale
from .nd import DEPTHWISE, Kernel, batch_norm, pointwise

MOBILE_EXPANSION = 3  # gives as many parameters as local MHRA and FFN (Sec. 5.6.1)


class MobileBlock(Block):
    """MobileNet block with DPE, a local block without FFN (Table 10).

    MobileNetV2's inverted residual with GELU: a depthwise convolution, ``attn``, between two
    pointwise ones, at three times the channels.

    Args:
        ndim, dim, kernel_size, dpe_kernel, layer_scale: see :class:`~.blocks.LocalBlock`.
    """

    gamma_names = ('gamma_1',)

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        kernel_size: Kernel = 5,
        dpe_kernel: Kernel | None = 3,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ):
        shape = (1, dim, *[1] * ndim)
        super().__init__(ndim, dim, dpe_kernel, drop_path, layer_scale, shape)
        hidden_dim = MOBILE_EXPANSION * dim
        self.conv1 = pointwise(ndim, dim, hidden_dim)
        self.norm1 = batch_norm(ndim, hidden_dim)
        self.attn = DEPTHWISE[ndim](hidden_dim, kernel_size)
        self.norm2 = batch_norm(ndim, hidden_dim)
        self.conv2 = pointwise(ndim, hidden_dim, dim)
        self.norm3 = batch_norm(ndim, dim)
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.pos_embed(x)  # DPE
        return self.residual(x, self.mobile)

    def mobile(self, x: Tensor) -> Tensor:
        x = self.act(self.norm1(self.conv1(x)))
        x = self.act(self.norm2(self.attn(x)))
        return scale(self.norm3(self.conv2(x)), self.gamma_1)


class PooledBlock(GlobalBlock):
    """Global block whose keys and values are averages over ``kv_stride`` rows and columns.

    MViT saves computation this way. The parameters are those of :class:`~.blocks.GlobalBlock`.

    Args:
        **options: see :class:`~.blocks.GlobalBlock`.

    Raises:
        ValueError: a ``window_size`` is given.
    """

    def __init__(self, ndim: int, dim: int, *, kv_stride: int, **options: Any):
        if options.get('window_size') is not None:
            raise ValueError(
                f'window_size {options["window_size"]} and kv_stride {kv_stride} are two ways to '
                'save computation; leave one out'
            )
        super().__init__(ndim, dim, **options)
        self.kv_stride = kv_stride

    def attend(self, x: Tensor, size: Sequence[int]) -> Tensor:
        context = pool_tokens(x, size, self.kv_stride)
        return self.attn.attend(*split_heads_of_context(self.attn, x, context))

    def extra_repr(self) -> str:
        return f'kv_stride={self.kv_stride}'


def split_heads_of_context(
    attention: Attention, x: Tensor, context: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries of the tokens ``x`` ``(B, N, C)``, keys and values of ``context`` ``(B, M, C)``."""
    C = x.shape[-1]
    q_weight, kv_weight = attention.qkv.weight.split((C, 2 * C))
    q_bias, kv_bias = attention.qkv.bias.split((C, 2 * C))
    q = F.linear(x, q_weight, q_bias).unflatten(-1, (attention.num_heads, -1)).transpose(1, 2)
    kv = F.linear(context, kv_weight, kv_bias).unflatten(-1, (2, attention.num_heads, -1))
    k, v = kv.permute(2, 0, 3, 1, 4).unbind(0)
    return q, k, v


def pool_tokens(x: Tensor, size: Sequence[int], stride: int) -> Tensor:
    """Average the tokens ``(B, N, C)`` of a map of ``size`` ``(*T, H, W)`` over small squares.

    Squares have ``stride`` rows and columns, fewer at the right and lower border of a map that
    ``stride`` does not divide: ``(B, T·⌈H / stride⌉·⌈W / stride⌉, C)``.
    """
    B, _, C = x.shape
    maps = x.transpose(1, 2).reshape(B, -1, *size[-2:])  # (B, C·T, H, W)
    pooled = F.avg_pool2d(maps, stride, ceil_mode=True)
    return pooled.reshape(B, C, -1).transpose(1, 2)


class DividedBlock(GlobalBlock):
    """Global block of clips with attention along time, then within each frame (Table 11).

    Input and output: ``(B, C, T, H, W)``. Needs less computation than joint attention, and has a
    second attention layer, ``t_attn``.

    Args:
        **options: see :class:`~.blocks.GlobalBlock`.

    Raises:
        ValueError: ``layer_scale`` or ``window_size`` is given.
    """

    def __init__(
        self,
        dim: int,
        *,
        head_dim: int = 64,
        drop: float = 0.0,
        attn_drop: float = 0.0,
        norm_eps: float = 1e-6,
        **options: Any,
    ):
        for name in ('layer_scale', 'window_size'):
            if options.get(name) is not None:
                raise ValueError(f'divided attention has no {name}, got {options[name]}')
        options |= {'head_dim': head_dim, 'drop': drop, 'attn_drop': attn_drop}
        super().__init__(3, dim, norm_eps=norm_eps, **options)
        self.t_norm = nn.LayerNorm(dim, eps=norm_eps)
        self.t_attn = Attention(dim, head_dim, attn_drop, drop)

    def forward(self, x: Tensor) -> Tensor:
        B, C, T, H, W = x.shape
        x = self.pos_embed(x).flatten(2).transpose(1, 2)  # DPE; (B, N, C)
        # As released: the temporal branch has no residual of its own; it only feeds spatial
        # attention.
        timed = self.residual(x, partial(self.temporal_attention, frames=T))
        x = x + self.drop_path(self.spatial_attention(timed, frames=T))  # MHRA
        x = self.residual(x, self.ffn)  # FFN
        return x.transpose(1, 2).reshape(B, C, T, H, W)

    def temporal_attention(self, x: Tensor, frames: int) -> Tensor:
        return along_time(self.t_attn, self.t_norm(x), frames)

    def spatial_attention(self, x: Tensor, frames: int) -> Tensor:
        return within_frames(self.attn, self.norm1(x), frames)


def along_time(attention: Attention, x: Tensor, frames: int) -> Tensor:
    """Apply ``attention`` to each position's tokens of all frames; ``x`` is ``(B, T·H·W, C)``."""
    B, N, C = x.shape
    x = x.view(B, frames, N // frames, C).transpose(1, 2)
    x = attention(x.reshape(-1, frames, C))
    return x.view(B, N // frames, frames, C).transpose(1, 2).reshape(B, N, C)


def within_frames(attention: Attention, x: Tensor, frames: int) -> Tensor:
    """Apply ``attention`` to the tokens of each frame separately; ``x`` is ``(B, T·H·W, C)``."""
    B, N, C = x.shape
    return attention(x.reshape(B * frames, N // frames, C)).view(B, N, C)
