"""Downsampling before each stage (UniFormer, Sec. 4.1); in time before stage 1 only (Sec. 4.2)."""

from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from .nd import CONV, batch_norm, kernel_nd
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


class ConvPatchEmbed(nn.Module):
    """Overlapping 3×3(×3) convolutions with BatchNorm, of the S+ and light models.

    ``first``: two of stride 2 with GELU between them, in clips the second also with stride 2 in
    time; otherwise one of stride 2.
    """

    def __init__(self, ndim: int, in_channels: int, dim: int, *, first: bool):
        super().__init__()
        conv, stride = CONV[ndim], kernel_nd(ndim, 2, 1)
        if first:
            self.proj = nn.Sequential(
                conv(in_channels, dim // 2, 3, stride, 1),
                batch_norm(ndim, dim // 2),
                nn.GELU(),
                conv(dim // 2, dim, 3, 2, 1),
                batch_norm(ndim, dim),
            )
        else:
            self.proj = nn.Sequential(conv(in_channels, dim, 3, stride, 1), batch_norm(ndim, dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)

    def fuse(self) -> None:
        """Fold each BatchNorm into the convolution that precedes it, for inference only."""
        for index in range(0, len(self.proj), 3):
            self.proj[index] = fuse_conv_bn_eval(self.proj[index], self.proj[index + 1])
            self.proj[index + 1] = nn.Identity()


PATCH_EMBED = {'patch': PatchEmbed, 'conv': ConvPatchEmbed}
