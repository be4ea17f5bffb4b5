"""Choosing tokens by the attention the class token pays them, as the light nets do (Evo-ViT).

The score of a token, ``(B, N)`` for a map of ``N`` positions, says how much it is attended. The
best of them are updated by a whole block; the others share the update of one token in their place.
"""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor

from .attention import Attention

# Half of the tokens can lose all attention, and a quotient of zeros would spread over the map.
LEAST_SUM = 1e-12


def attend_with_score(attention: Attention, x: Tensor) -> tuple[Tensor, Tensor]:
    """Apply ``attention``, and tell what the first of the tokens ``x`` ``(B, N, C)`` looks at.

    Returns:
        What ``attention(x)`` returns, and the first row of the affinity of Eq. 7, mean over heads
        and before dropout, ``(B, N)`` in float32 or better. The other rows are never in memory.
    """
    q, k, v = attention.split_heads(x)  # each (B, heads, N, head_dim)
    x = attention.attend(q, k, v)
    # Products of float16 can exceed its range, which no autocast may bring back here.
    # The meta device has no autocast to switch off.
    with nullcontext() if q.is_meta else torch.autocast(q.device.type, enabled=False):
        wide = torch.promote_types(q.dtype, torch.float32)
        first = q[:, :, :1].to(wide) * q.shape[-1] ** -0.5
        row = (first @ k.to(wide).transpose(-2, -1)).softmax(-1)  # (B, heads, 1, N)
    return x, row.mean(1).squeeze(1)


def most_attended(score: Tensor, count: int) -> Tensor:
    """Positions ``(B, count)`` of the best scores, best first; of equals the first in the map."""
    return score.argsort(dim=1, descending=True, stable=True)[:, :count]


def gather(x: Tensor, index: Tensor) -> Tensor:
    """Tokens of ``x`` ``(B, N, C)`` at the positions ``index`` ``(B, n)``: ``(B, n, C)``."""
    return x.gather(1, index.unsqueeze(-1).expand(-1, -1, x.shape[-1]))


def put(x: Tensor, index: Tensor, tokens: Tensor) -> Tensor:
    """``x`` ``(B, N, C)`` with ``tokens`` ``(B, n, C)`` at ``index``: undoes :func:`gather`."""
    return x.scatter(1, index.unsqueeze(-1).expand(-1, -1, x.shape[-1]), tokens.to(x.dtype))


def representative(x: Tensor, score: Tensor, kept: Tensor) -> Tensor:
    """Mean ``(B, 1, C)`` of the tokens that are not at ``kept``, weighted by their scores."""
    weight = score.scatter(1, kept, 0.0)
    weight = weight / weight.sum(1, keepdim=True).clamp_min(LEAST_SUM)
    return weight.to(x.dtype).unsqueeze(1) @ x


def update_score(score: Tensor, kept: Tensor, attention: Tensor, trade_off: float) -> Tensor:
    """Mix ``attention`` ``(B, n)`` into the scores at ``kept``; the others keep the old ones."""
    mixed = (1 - trade_off) * score.gather(1, kept) + trade_off * attention
    return score.scatter(1, kept, mixed)


def pool_score(score: Tensor, size: torch.Size) -> Tensor:
    """Scores of a map of ``size`` ``(*T, H, W)`` → of one with half as many rows and columns.

    A last odd row or column is dropped, as the downsampling of the map drops it. The scores of a
    sample keep their sum.
    """
    height, width = size[-2:]
    pooled = F.avg_pool2d(score.view(score.shape[0], -1, height, width), 2).flatten(1)
    total = score.sum(1, keepdim=True)
    return pooled * (total / pooled.sum(1, keepdim=True).clamp_min(LEAST_SUM))
