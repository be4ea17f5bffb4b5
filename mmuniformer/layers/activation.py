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
    """The approximation of GELU that CLIP was trained with; overwrites its input in inference."""

    def forward(self, x: Tensor) -> Tensor:
        if _may_overwrite():
            return x.mul_((1.702 * x).sigmoid_())
        return x * torch.sigmoid(1.702 * x)
