"""Downsampling by overlapping convolutions, of the S+ and light models."""

from torch import Tensor, nn

from .nd import CONV, batch_norm, kernel_nd


class ConvPatchEmbed(nn.Module):
    """Overlapping 3×3(×3) convolutions with BatchNorm.

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
