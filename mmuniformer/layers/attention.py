"""Multi-head self-attention, the global affinity of MHRA (UniFormer, Eq. 7)."""

import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head self-attention on tokens ``(B, N, C)`` with heads of ``head_dim`` channels.

    Raises:
        ValueError: ``head_dim`` does not divide ``dim``.
    """

    def __init__(self, dim: int, head_dim: int, attn_drop: float = 0.0, proj_drop: float = 0.0):
        super().__init__()
        self.num_heads = count_heads(dim, head_dim)
        self.attn_drop = attn_drop
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(*self.split_heads(x))

    def split_heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each ``(B, heads, N, head_dim)``."""
        qkv = self.qkv(x).unflatten(-1, (3, self.num_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return q, k, v

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Attend with each head, concatenate the heads and project: ``(B, N, C)``."""
        drop = self.attn_drop if self.training else 0.0
        x = F.scaled_dot_product_attention(q, k, v, dropout_p=drop)
        return self.proj_drop(self.proj(x.transpose(1, 2).flatten(2)))


def count_heads(dim: int, head_dim: int, name: str = 'head_dim') -> int:
    """Number of heads; a ``head_dim`` that does not divide ``dim`` raises a ValueError."""
    if head_dim < 1 or dim % head_dim:
        raise ValueError(
            f'{name} {head_dim} does not divide the {dim} channels; the released models use '
            '64 or 32'
        )
    return dim // head_dim
