"""Dynamic position embedding (DPE), a depthwise convolution (UniFormer, Sec. 3.3, Eq. 8)."""

import torch
from torch import Tensor, nn

from .nd import Depthwise2d, Depthwise3d


class DPE(nn.Module):
    """``x + conv(x)`` on maps ``(B, C, *S)``; a mix-in that precedes a depthwise convolution."""

    kernel_size: tuple[int, ...]
    weight: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)

    @torch.no_grad()
    def fuse(self) -> None:
        """Add the identity to the kernel and become a plain convolution, for inference only."""
        center = (size // 2 for size in self.kernel_size)
        self.weight[(slice(None), 0, *center)] += 1
        self.__class__ = type(self).__bases__[-1]


class DPE2d(DPE, Depthwise2d):
    """DPE of images, ``(B, C, H, W)``."""


class DPE3d(DPE, Depthwise3d):
    """DPE of clips, ``(B, C, T, H, W)``."""


DPES = {2: DPE2d, 3: DPE3d}
