"""Downsampling before each stage (UniFormer, Sec. 4.1); in time before stage 1 only (Sec. 4.2)."""

from torch import Tensor, nn

from .nd import CONV, kernel_nd
from .norm import MapLayerNorm


class PatchEmbed(nn.Module):
    """Non-overlapping strided convolution and LayerNorm: ``(B, C, *S)`` → ``(B, D, *S / stride)``.

    ``first``: kernel and stride 4×4, in clips 3×4×4 with stride 2×4×4; otherwise 2×2. Rows and
    columns beyond a multiple of the stride are dropped, as the released models do.

    Args:
        length: kernel size in time if not ``first``, odd.
    """

    def __init__(self, ndim: int, in_channels: int, dim: int, *, first: bool, length: int = 1):
        super().__init__()
        space, length, stride = (4, 3, 2) if first else (2, length, 1)
        self.norm = MapLayerNorm(dim)  # eps 1e-5, unlike the blocks' 1e-6
        self.proj = CONV[ndim](
            in_channels,
            dim,
            kernel_size=kernel_nd(ndim, space, length),
            stride=kernel_nd(ndim, space, stride),
            padding=kernel_nd(ndim, 0, length // 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.proj(x))
