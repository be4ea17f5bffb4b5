"""CLIP's approximation of GELU."""

from torch import Tensor, nn


class QuickGELU(nn.Module):
    """CLIP's approximation of GELU, ``x σ(1.702 x)``.

    Computed as SiLU of ``1.702 x``, which stores one map for the backward pass; the product of the
    definition stores two.
    """

    slope = 1.702

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.silu(x * self.slope).mul_(1 / self.slope)
