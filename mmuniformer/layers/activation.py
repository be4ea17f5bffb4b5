"""GELU and its approximation, without memory of their own where no gradient is wanted.

Both overwrite the map they are given in inference: behind a layer that has just made it, nobody
else reads it. Fresh memory for a wide hidden map costs a CPU more than the function itself.
"""

import torch
from torch import Tensor, nn


def _may_overwrite() -> bool:
    return not (torch.is_grad_enabled() or torch.compiler.is_compiling())


class GELU(nn.Module):
    """Exact GELU, ``x Φ(x)``; overwrites its input in inference."""

    def forward(self, x: Tensor) -> Tensor:
        if _may_overwrite():
            return torch.ops.aten.gelu_(x)
        return nn.functional.gelu(x)


class QuickGELU(nn.Module):
    """CLIP's approximation of GELU, ``x σ(1.702 x)``; overwrites its input in inference.

    As SiLU of ``1.702 x``, which keeps one map for the backward pass where the product keeps two.
    """

    slope = 1.702

    def forward(self, x: Tensor) -> Tensor:
        if _may_overwrite():
            return nn.functional.silu(x.mul_(self.slope), inplace=True).mul_(1 / self.slope)
        return nn.functional.silu(x * self.slope).mul_(1 / self.slope)
