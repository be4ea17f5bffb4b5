"""A feature pyramid from the last map of a plain ViT (ViTDet: arXiv 2203.16527, Sec. 3)."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .norm import MapLayerNorm


class SimplePyramid(nn.Module):
    """Maps ``(B, out_channels, H·s, W·s)`` for ``s`` = 4, 2, 1, 1/2 … of one map ``(B, C, H, W)``.

    A map of stride 16 gives strides 4, 8, 16, 32. The first two come from deconvolutions, the
    fourth from max pooling; each then has a 1×1 and a 3×3 convolution with LayerNorms. The levels
    do not depend on each other. Odd sides are rounded down when halved.

    Args:
        in_channels: number of input channels, a multiple of 4, since the deconvolutions halve them.
        num_outs: number of maps, at least 4; each one above 4 subsamples the previous map by 2.

    Raises:
        ValueError: ``in_channels`` or ``num_outs`` is not allowed, or the input has several maps.

    Example:
        >>> import torch
        >>> from mmuniformer.layers.simple_pyramid import SimplePyramid
        >>> maps = SimplePyramid(64, out_channels=32)(torch.rand(1, 64, 8, 12))
        >>> [tuple(x.shape[2:]) for x in maps]
        [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]
    """

    def __init__(self, in_channels: int, *, out_channels: int = 256, num_outs: int = 5):
        super().__init__()
        if in_channels < 4 or in_channels % 4:
            raise ValueError(f'in_channels {in_channels} is not a multiple of 4')
        if num_outs < 4:
            raise ValueError(f'num_outs {num_outs} is below 4, the maps of strides 4, 8, 16, 32')
        half, quarter = in_channels // 2, in_channels // 4
        self.rescale = nn.ModuleList(
            [
                nn.Sequential(
                    _double(in_channels, half),
                    MapLayerNorm(half),
                    nn.GELU(),
                    _double(half, quarter),
                ),
                _double(in_channels, half),
                nn.Identity(),
                nn.MaxPool2d(2),
            ]
        )
        widths = (quarter, half, in_channels, in_channels)
        self.convs = nn.ModuleList(_to_level(width, out_channels) for width in widths)
        self.num_extra = num_outs - len(widths)

    def forward(self, x: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
        if not isinstance(x, Tensor):
            if len(x) != 1:
                raise ValueError(
                    f'SimplePyramid takes one map, got {len(x)}; '
                    'give the backbone one layer in out_indices, the last'
                )
            (x,) = x
        maps = [conv(rescale(x)) for rescale, conv in zip(self.rescale, self.convs, strict=True)]
        for _ in range(self.num_extra):
            maps.append(F.max_pool2d(maps[-1], 1, stride=2))
        return tuple(maps)


def _double(in_channels: int, out_channels: int) -> nn.Module:
    return nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)


def _to_level(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        MapLayerNorm(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        MapLayerNorm(out_channels),
    )
