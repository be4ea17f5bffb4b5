"""Global MHRA: self-attention over all tokens, or over those of a window (UniFormer, Eq. 7)."""

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

    def forward(self, x: Tensor) -> Tensor:
        B, N, C = x.shape
        qkv = self.qkv(x).view(B, N, 3, self.num_heads, C // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # each (B, heads, N, head_dim)
        drop = self.attn_drop if self.training else 0.0
        x = F.scaled_dot_product_attention(q, k, v, dropout_p=drop)
        x = x.transpose(1, 2).reshape(B, N, C)
        return self.proj_drop(self.proj(x))


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
