"""The published variants of the light (hourglass) UniFormer."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .arch import Arch


@dataclass(frozen=True)
class LightArch(Arch):
    """Architecture of a light UniFormer; the fields left out are as in ``xxs``.

    The stem is convolutional before stage 1 and patches elsewhere, so ``stem`` is no choice. Stages
    3 and 4 prune tokens; the first block of stage 3 keeps all of them.

    Raises:
        ValueError: as for :class:`~.arch.Arch`, or a ratio is out of range, or a ``stem`` is given.
    """

    depths: tuple[int, ...] = (2, 5, 8, 2)
    dims: tuple[int, ...] = (56, 112, 224, 448)
    head_dim: int = 28
    mlp_ratios: tuple[float, ...] = (3, 3, 3, 3)
    prune_ratio: float = 0.5  # share of the tokens that a block keeps
    trade_off: float = 0.5  # weight of a block's attention in the scores for the next block

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stem != Arch.stem:
            raise ValueError(
                f'a light net has its own stem and stages; leave out arch stem, got {self.stem!r}'
            )
        if not 0 < self.prune_ratio < 1:
            raise ValueError(f'arch prune_ratio {self.prune_ratio} is not between 0 and 1')
        if not 0 <= self.trade_off <= 1:
            raise ValueError(f'arch trade_off {self.trade_off} is outside [0, 1]')


# Layer scale: the video files of XXS with 4 frames, and with 8 frames at 128 pixels. No others.
LIGHT_ARCHS: Mapping[str, LightArch] = MappingProxyType(
    {
        'xxs': LightArch(),
        'xxs_ls': LightArch(layer_scale=0.1),
        'xs': LightArch((3, 5, 9, 3), (64, 128, 256, 512), head_dim=32),
    }
)
