"""Stochastic depth: drop a residual branch for some samples of the batch (UniFormer, Sec. 4)."""

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
        """``x + drop_path(branch(x))`` without computing the branch for what is dropped.

        Args:
            branch: ``(B, ...)`` → ``(B, ...)``, each sample by itself: without BatchNorm.
        """
        if not self.training or self.rate == 0.0 or torch.compiler.is_compiling():
            return x + self(branch(x))
        # Drawn on the host, which has to know the number of samples to compute.
        keep = 1.0 - self.rate
        kept = (torch.rand(len(x)) < keep).nonzero().flatten()
        if len(kept) == len(x):
            return torch.add(x, branch(x), alpha=1 / keep)
        if len(kept) == 0:
            # DistributedDataParallel waits for a gradient of every parameter, if only of zeros.
            return x + 0 * branch(x)
        kept = kept.to(x.device)
        return x.index_add(0, kept, branch(x.index_select(0, kept)).to(x.dtype), alpha=1 / keep)

    def extra_repr(self) -> str:
        return f'rate={self.rate:.4g}'
