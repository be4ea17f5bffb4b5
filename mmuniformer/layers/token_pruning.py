"""Token selection by the attention of the class token, as in the light nets (Evo-ViT).

The scores of a map with ``N`` positions, ``(B, N)``, say how much the class token attends to each.
A block updates the tokens with the highest scores; one representative token stands for the rest.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from .attention import Attention

# The attention to half of the tokens can vanish, and 0 / 0 would spread over the map.
LEAST_SUM = 1e-12


def attend_with_score(attention: Attention, x: Tensor) -> tuple[Tensor, Tensor]:
    """Apply ``attention`` to tokens ``x`` ``(B, N, C)``; also return what the first one attends to.

    Returns:
        ``attention(x)``, and the first row of the affinity of Eq. 7, averaged over heads and before
        dropout, ``(B, N)`` in float32 or wider. The other rows are never stored.
    """
    q, k, v = attention.split_heads(x)  # each (B, heads, N, head_dim)
    x = attention.attend(q, k, v)
    # Products of float16 can exceed its range, so autocast must not see a matrix product here.
    wide = torch.promote_types(q.dtype, torch.float32)
    first = q[:, :, :1].to(wide) * q.shape[-1] ** -0.5
    row = (first * k.to(wide)).sum(-1).softmax(-1)  # (B, heads, N)
    return x, row.mean(1)


def most_attended(score: Tensor, count: int) -> Tensor:
    """Positions ``(B, count)`` of the highest scores, highest first; ties in order of the map."""
    return score.argsort(dim=1, descending=True, stable=True)[:, :count]


def gather_tokens(x: Tensor, index: Tensor) -> Tensor:
    """Select the tokens of ``x`` ``(B, N, C)`` at ``index`` ``(B, n)``: ``(B, n, C)``."""
    return x.gather(1, index.unsqueeze(-1).expand(-1, -1, x.shape[-1]))


def scatter_tokens(x: Tensor, index: Tensor, tokens: Tensor) -> Tensor:
    """Replace the tokens of ``x`` ``(B, N, C)`` at ``index`` ``(B, n)`` by ``tokens``."""
    return x.scatter(1, index.unsqueeze(-1).expand(-1, -1, x.shape[-1]), tokens.to(x.dtype))


def representative(x: Tensor, score: Tensor, kept: Tensor) -> Tensor:
    """Mean ``(B, 1, C)`` of the tokens not in ``kept``, weighted by their scores."""
    weight = score.scatter(1, kept, 0.0)
    weight = weight / weight.sum(1, keepdim=True).clamp_min(LEAST_SUM)
    return weight.to(x.dtype).unsqueeze(1) @ x


def update_score(score: Tensor, kept: Tensor, attention: Tensor, trade_off: float) -> Tensor:
    """Mix ``attention`` ``(B, n)`` into the scores at ``kept``; the others stay."""
    mixed = (1 - trade_off) * score.gather(1, kept) + trade_off * attention
    return score.scatter(1, kept, mixed)


def pool_score(score: Tensor, size: torch.Size) -> Tensor:
    """Scores of a map of ``size`` ``(*T, H, W)`` after 2×2 downsampling.

    A last odd row or column is dropped, as in the downsampling of the map. The scores of a sample
    keep their sum.
    """
    height, width = size[-2:]
    pooled = F.avg_pool2d(score.view(score.shape[0], -1, height, width), 2).flatten(1)
    total = score.sum(1, keepdim=True)
    return pooled * (total / pooled.sum(1, keepdim=True).clamp_min(LEAST_SUM))
