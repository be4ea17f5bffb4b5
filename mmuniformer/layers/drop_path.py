"""Stochastic depth: drop a residual branch for some samples of the batch (Sec. 4)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """Zero the branch of each sample with probability ``rate`` in training, and scale the rest up.

    Input and output: ``(B, ...)``. The identity in eval mode and at rate 0.
    """

    def __init__(self, rate: float = 0.0):
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f'drop path rate {rate} is outside [0, 1)')
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return x
        keep = 1.0 - self.rate
        mask = torch.rand(x.shape[0], *[1] * (x.ndim - 1), device=x.device) < keep
        return x * (mask.to(x.dtype) / keep)

    def add(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        """The residual connection ``x + drop_path(branch(x))``."""
        return x + self(branch(x))

    def extra_repr(self) -> str:
        return f'rate={self.rate:.4g}'
