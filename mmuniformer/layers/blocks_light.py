"""The hourglass block of the light nets: it updates a part of the tokens and keeps all."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from .blocks import GlobalBlock, scale
from .token_pruning import (
    attend_with_score,
    gather_tokens,
    most_attended,
    representative,
    scatter_tokens,
    update_score,
)


class HourglassState(NamedTuple):
    """What one block passes to the next.

    Attributes:
        map: features ``(B, C, *S)``.
        cls_token: ``(B, 1, C)``.
        score: score of each position of the map ``(B, N)``; ``None`` before the first block.
    """

    map: Tensor
    cls_token: Tensor
    score: Tensor | None


class HourglassBlock(GlobalBlock):
    """Global block that updates only the tokens to which the class token attends most.

    The pruned tokens are represented by one token, their mean weighted by score. The change of that
    token is added to each of them, without drop path, as in the published nets. The first block,
    which has no scores yet, updates all tokens and computes the first scores.

    Args:
        prune_ratio: share of the tokens that is kept, rounded down.
        trade_off: weight of the new attention in the score of a kept token.
        **options: see :class:`~mmuniformer.layers.GlobalBlock`; there is no ``window_size``.
    """

    def __init__(
        self,
        ndim: int,
        dim: int,
        *,
        prune_ratio: float = 0.5,
        trade_off: float = 0.5,
        **options: Any,
    ):
        super().__init__(ndim, dim, **options)
        self.prune_ratio = prune_ratio
        self.trade_off = trade_off

    def forward(self, state: HourglassState) -> HourglassState:  # type: ignore[override]  # a state, not a map
        B, C, *size = state.map.shape
        x = self.pos_embed(state.map).flatten(2).transpose(1, 2)  # DPE; (B, N, C)
        tokens, kept = self.select(x, state)
        attended, attention = self.attend_with_score(tokens)
        tokens = tokens + self.drop_path(attended)  # MHRA
        fed = self.ffn(tokens)
        tokens = tokens + self.drop_path(fed)  # FFN
        if state.score is None or kept is None:
            x, score = tokens[:, 1:], attention[:, 1:]
        else:
            pruned = x + (attended + fed)[:, -1:]
            x = scatter_tokens(pruned, kept, tokens[:, 1:-1])
            score = update_score(state.score, kept, attention[:, 1:-1], self.trade_off)
        return HourglassState(x.transpose(1, 2).reshape(B, C, *size), tokens[:, :1], score)

    def select(self, x: Tensor, state: HourglassState) -> tuple[Tensor, Tensor | None]:
        """Choose among the tokens ``x`` ``(B, N, C)`` those to update.

        Returns:
            Class token, ``n`` kept tokens and the representative of the others, ``(B, n + 2, C)``,
            and the positions of the kept ones ``(B, n)``; or class token and all tokens, and
            ``None``.
        """
        cls_token = state.cls_token.to(x.dtype)
        if state.score is None:
            return torch.cat([cls_token, x], 1), None
        kept = most_attended(state.score, int(x.shape[1] * self.prune_ratio))
        rest = representative(x, state.score, kept)
        return torch.cat([cls_token, gather_tokens(x, kept), rest], 1), kept

    def attend_with_score(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """MHRA of ``tokens`` ``(B, n, C)``, and what the class token attends to ``(B, n)``."""
        attended, attention = attend_with_score(self.attn, self.norm1(tokens))
        return scale(attended, self.gamma_1), attention

    def extra_repr(self) -> str:
        return f'prune_ratio={self.prune_ratio}, trade_off={self.trade_off}'
