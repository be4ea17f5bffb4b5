"""Global MHRA: self-attention over all tokens, or over those of a window (UniFormer, Eq. 7)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .windows import merge, pad_to_windows, partition


class Attention(nn.Module):
    """Multi-head self-attention on tokens ``(B, N, C)`` with heads of ``head_dim`` channels.

    Raises:
        ValueError: ``head_dim`` does not divide ``dim``.
    """

    def __init__(self, dim: int, head_dim: int, attn_drop: float = 0.0, proj_drop: float = 0.0):
        super().__init__()
        if head_dim < 1 or dim % head_dim:
            raise ValueError(
                f'head_dim {head_dim} does not divide the {dim} channels of this stage; '
                'the released models use 64 or 32'
            )
        self.num_heads = dim // head_dim
        self.attn_drop = attn_drop
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Attend from each token of ``x`` to all of ``context`` ``(B, M, C)``, by default ``x``."""
        return self.attend(*self.split_heads(x, context))

    def split_heads(
        self, x: Tensor, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries ``(B, heads, N, head_dim)``, keys and values ``(B, heads, M, head_dim)``."""
        if context is None:
            qkv = self.qkv(x).unflatten(-1, (3, self.num_heads, -1))
            return qkv.permute(2, 0, 3, 1, 4).unbind(0)
        C = x.shape[-1]
        q_weight, kv_weight = self.qkv.weight.split((C, 2 * C))
        q_bias, kv_bias = self.qkv.bias.split((C, 2 * C))
        q = F.linear(x, q_weight, q_bias).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        kv = F.linear(context, kv_weight, kv_bias).unflatten(-1, (2, self.num_heads, -1))
        return q, *kv.permute(2, 0, 3, 1, 4).unbind(0)

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """What the heads see, put together and projected: ``(B, N, C)``."""
        drop = self.attn_drop if self.training else 0.0
        x = F.scaled_dot_product_attention(q, k, v, dropout_p=drop)
        return self.proj_drop(self.proj(x.transpose(1, 2).flatten(2)))


def windowed(attention: Attention, x: Tensor, height: int, width: int, window_size: int) -> Tensor:
    """Apply ``attention`` in each window of the map whose tokens ``x`` ``(B, H·W, C)`` are.

    There is no shift and no relative position: DPE tells positions, global blocks connect windows.
    """
    B, _, C = x.shape
    # Padding follows the norm and is not masked: padded tokens take part in the softmax.
    # The released weights were trained so; masking them would change every result.
    x = pad_to_windows(x.view(B, height, width, C), window_size)
    padded_height, padded_width = x.shape[1:3]
    x = attention(partition(x, window_size))
    x = merge(x, window_size, padded_height, padded_width)
    return x[:, :height, :width].reshape(B, height * width, C)


def pool_tokens(x: Tensor, size: Sequence[int], stride: int) -> Tensor:
    """Average the tokens ``(B, N, C)`` of a map of ``size`` ``(*T, H, W)`` over small squares.

    Squares have ``stride`` rows and columns, fewer at the right and lower border of a map that they
    do not divide: ``(B, T·⌈H / stride⌉·⌈W / stride⌉, C)``.
    """
    B, _, C = x.shape
    maps = x.transpose(1, 2).reshape(B, -1, *size[-2:])  # (B, C·T, H, W)
    pooled = F.avg_pool2d(maps, stride, ceil_mode=True)
    return pooled.reshape(B, C, -1).transpose(1, 2)


def along_time(attention: Attention, x: Tensor, frames: int) -> Tensor:
    """Apply ``attention`` to each position's tokens of all frames; ``x`` is ``(B, T·H·W, C)``."""
    B, N, C = x.shape
    x = x.view(B, frames, N // frames, C).transpose(1, 2)
    x = attention(x.reshape(-1, frames, C))
    return x.view(B, N // frames, frames, C).transpose(1, 2).reshape(B, N, C)


def within_frames(attention: Attention, x: Tensor, frames: int) -> Tensor:
    """Apply ``attention`` to the tokens of each frame by itself; ``x`` is ``(B, T·H·W, C)``."""
    B, N, C = x.shape
    return attention(x.reshape(B * frames, N // frames, C)).view(B, N, C)
