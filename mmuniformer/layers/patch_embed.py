"""Downsampling before each stage (UniFormer, Sec. 4.1); before stage 1 in time too (Sec. 4.2)."""

from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from .activation import GELU
from .nd import CONV, batch_norm, extent
from .norm import MapLayerNorm


class PatchEmbed(nn.Module):
    """Non-overlapping strided convolution and LayerNorm: ``(B, C, *S)`` → ``(B, D, *S / stride)``.

    ``first``: 4×4 stride 4; otherwise 2×2 stride 2. Rows and columns beyond a multiple of the
    stride are dropped, as the released models do. In a clip the convolution is ``length`` frames
    long, zero-padded, and takes every ``time_stride``-th; published are 3 and 2 before stage 1, and
    1 and 1 elsewhere.
    """

    def __init__(
        self,
        ndim: int,
        in_channels: int,
        dim: int,
        *,
        first: bool,
        length: int = 1,
        time_stride: int = 1,
    ):
        super().__init__()
        space = 4 if first else 2
        self.norm = MapLayerNorm(dim)  # eps 1e-5, unlike the blocks' 1e-6
        self.proj = CONV[ndim](
            in_channels,
            dim,
            kernel_size=extent(ndim, space, length),
            stride=extent(ndim, space, time_stride),
            padding=extent(ndim, 0, length // 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.proj(x))


class ConvPatchEmbed(nn.Module):
    """Overlapping 3×3 convolutions with BatchNorm, of the S+ and light models.

    ``first``: two of stride 2 with GELU between; otherwise one of stride 2. In a clip they are
    ``length`` frames long, and the last takes every ``time_stride``-th.
    """

    def __init__(
        self,
        ndim: int,
        in_channels: int,
        dim: int,
        *,
        first: bool,
        length: int = 3,
        time_stride: int = 1,
    ):
        super().__init__()
        kernel, padding = extent(ndim, 3, length), extent(ndim, 1, length // 2)
        still, moving = extent(ndim, 2, 1), extent(ndim, 2, time_stride)
        conv = CONV[ndim]
        if first:
            self.proj = nn.Sequential(
                conv(in_channels, dim // 2, kernel, still, padding),
                batch_norm(ndim, dim // 2),
                GELU(),
                conv(dim // 2, dim, kernel, moving, padding),
                batch_norm(ndim, dim),
            )
        else:
            self.proj = nn.Sequential(
                conv(in_channels, dim, kernel, moving, padding), batch_norm(ndim, dim)
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)

    def fuse(self) -> None:
        """Fold each BatchNorm into the convolution in front of it; for inference alone."""
        for index in range(0, len(self.proj), 3):
            self.proj[index] = fuse_conv_bn_eval(self.proj[index], self.proj[index + 1])
            self.proj[index + 1] = nn.Identity()


PATCH_EMBED = {'patch': PatchEmbed, 'conv': ConvPatchEmbed}
