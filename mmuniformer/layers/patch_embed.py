"""Downsampling before each stage (UniFormer, Sec. 4.1); before stage 1 in time too (Sec. 4.2)."""

from torch import Tensor, nn

from .nd import CONV, batch_norm, extent
from .norm import MapLayerNorm


class PatchEmbed(nn.Module):
    """Non-overlapping strided convolution and LayerNorm: ``(B, C, *S)`` → ``(B, D, *S / stride)``.

    ``first``: 4×4 stride 4 (in a clip 3×4×4 stride 2×4×4); otherwise 2×2 stride 2 in space only.
    Rows and columns beyond a multiple of the stride are dropped, as the released models do.
    """

    def __init__(self, ndim: int, in_channels: int, dim: int, first: bool):
        super().__init__()
        if first:
            kernel, stride, padding = extent(ndim, 4, 3), extent(ndim, 4, 2), extent(ndim, 0, 1)
        else:
            kernel, stride, padding = extent(ndim, 2, 1), extent(ndim, 2, 1), 0
        self.norm = MapLayerNorm(dim)  # eps 1e-5, unlike the blocks' 1e-6
        self.proj = CONV[ndim](in_channels, dim, kernel, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.proj(x))


class ConvPatchEmbed(nn.Module):
    """Overlapping 3×3 convolutions with BatchNorm, of the S+ and light models.

    ``first``: two of stride 2 with GELU between (in a clip the second halves time as well);
    otherwise one of stride 2 in space.
    """

    def __init__(self, ndim: int, in_channels: int, dim: int, first: bool):
        super().__init__()
        conv = CONV[ndim]
        if first:
            self.proj = nn.Sequential(
                conv(in_channels, dim // 2, 3, extent(ndim, 2, 1), 1),
                batch_norm(ndim, dim // 2),
                nn.GELU(),
                conv(dim // 2, dim, 3, 2, 1),
                batch_norm(ndim, dim),
            )
        else:
            self.proj = nn.Sequential(
                conv(in_channels, dim, 3, extent(ndim, 2, 1), 1), batch_norm(ndim, dim)
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


PATCH_EMBED = {'patch': PatchEmbed, 'conv': ConvPatchEmbed}
