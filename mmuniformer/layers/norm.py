"""Layer normalization of maps, over channels at every position."""

from torch import Tensor, nn


class MapLayerNorm(nn.LayerNorm):
    """LayerNorm over the channels of ``(B, C, *S)``; the output is contiguous."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1).contiguous()
