"""Dynamic position embedding (DPE), a depthwise convolution (UniFormer, Sec. 3.3, Eq. 8)."""

from collections.abc import Callable

from torch import Tensor, nn

from .nd import Depthwise2d, Depthwise3d


class DPE(nn.Module):
    """``x + conv(x)`` on maps ``(B, C, *S)``; a mix-in that precedes a depthwise convolution."""

    weight: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class DPE2d(DPE, Depthwise2d):
    """DPE of images, ``(B, C, H, W)``."""


class DPE3d(DPE, Depthwise3d):
    """DPE of clips, ``(B, C, T, H, W)``."""


DPES: dict[int, Callable[..., DPE]] = {2: DPE2d, 3: DPE3d}
