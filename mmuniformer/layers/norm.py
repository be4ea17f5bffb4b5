"""Layer normalisation of maps: over channels, at every position."""

from torch import Tensor, nn


class MapLayerNorm(nn.LayerNorm):
    """LayerNorm over the channels of ``(B, C, *S)``.

    Args:
        dim: number of channels.
        contiguous: lay the result out as its shape says, which operators like mmcv's RoIAlign take
            for granted; otherwise it is left channels last, where the norm has it.
    """

    def __init__(self, dim: int, eps: float = 1e-5, contiguous: bool = True):
        super().__init__(dim, eps=eps)
        self.contiguous = contiguous

    def forward(self, x: Tensor) -> Tensor:
        x = super().forward(x.movedim(1, -1)).movedim(-1, 1)
        return x.contiguous() if self.contiguous else x
