"""The hourglass block of the light nets: fewer tokens go in, all of them come out."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from .blocks import GlobalBlock
from .token_pruning import (
    attend_with_score,
    gather,
    most_attended,
    put,
    representative,
    update_score,
)


class HourglassState(NamedTuple):
    """What goes from block to block.

    Attributes:
        map: features ``(B, C, *S)``.
        cls_token: ``(B, 1, C)``.
        score: of each position of the map ``(B, N)``; ``None`` before the first block.
    """

    map: Tensor
    cls_token: Tensor
    score: Tensor | None


class HourglassBlock(GlobalBlock):
    """Global block that updates the tokens a class token attends to most, and the rest at once.

    Those left out are represented by one token, their mean weighted by score. What the block adds
    to that token is added to each of them: the published nets do so without drop path. The first
    block, to which no score comes, updates all tokens and gives the first score.

    Args:
        ndim: 2 for images, 3 for clips.
        prune_ratio: share of the tokens that is kept, rounded down.
        trade_off: share of the new attention in the score of a token that is kept.
        **options: as in :class:`~mmuniformer.layers.GlobalBlock`, except for ``window_size``.
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

    def forward(self, state: HourglassState) -> HourglassState:
        x, cls_token, score = state
        B, C, *size = x.shape
        x = self.encode_position(x)  # DPE
        x = x.flatten(2).transpose(1, 2)  # (B, N, C)
        cls_token = cls_token.to(x.dtype)
        if score is None:
            x, cls_token, score = self.update_all(x, cls_token)
        else:
            x, cls_token, score = self.update_most_attended(x, cls_token, score)
        return HourglassState(x.transpose(1, 2).reshape(B, C, *size), cls_token, score)

    def update_all(self, x: Tensor, cls_token: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tokens, _, attention = self.update(torch.cat([cls_token, x], 1))
        return tokens[:, 1:], tokens[:, :1], attention[:, 1:]

    def update_most_attended(
        self, x: Tensor, cls_token: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        kept = most_attended(score, int(x.shape[1] * self.prune_ratio))
        rest = representative(x, score, kept)
        tokens, added, attention = self.update(torch.cat([cls_token, gather(x, kept), rest], 1))
        x = put(x + added[:, -1:], kept, tokens[:, 1:-1])
        return x, tokens[:, :1], update_score(score, kept, attention[:, 1:-1], self.trade_off)

    def update(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """MHRA and FFN on ``(B, n, C)``.

        Returns:
            The new tokens, what both branches add to them without drop path, and what the first
            token attends to.
        """
        attended, attention = attend_with_score(self.attn, self.norm1(tokens))
        if self.gamma_1 is not None:
            attended = self.gamma_1 * attended
        tokens = tokens + self.drop_path(attended)  # MHRA
        fed = self.mlp(self.norm2(tokens))
        if self.gamma_2 is not None:
            fed = self.gamma_2 * fed
        return tokens + self.drop_path(fed), attended + fed, attention  # FFN

    def extra_repr(self) -> str:
        return f'prune_ratio={self.prune_ratio}, trade_off={self.trade_off}'
