"""The published variants of UniFormer (paper, Table 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from . import checks

Stem = Literal['patch', 'conv']


@dataclass(frozen=True)
class Arch:
    """Architecture of a UniFormer, one entry per stage; training settings are not part of it."""

    depths: tuple[int, ...] = (3, 4, 8, 3)  # number of blocks
    dims: tuple[int, ...] = (64, 128, 320, 512)  # number of channels
    head_dim: int = 64  # channels per head; 32 and 64 have the same parameters, see below
    mlp_ratios: tuple[float, ...] = (4, 4, 4, 4)
    stem: Stem = 'patch'  # without overlap, or 3×3 convolutions (S+)
    layer_scale: float | None = None  # initial value
    layer_scale_stages: tuple[int, ...] = (1, 2, 3, 4)  # counted from 1
    norm_eps: float = 1e-6  # of the LayerNorms in global blocks

    def __post_init__(self) -> None:
        checks.arch_fields(self, Stem)

    @property
    def global_stages(self) -> tuple[int, ...]:
        return (2, 3)  # with self-attention, counted from 0

    def layer_scale_of(self, stage: int) -> float | None:
        """Initial layer scale of ``stage``, counted from 0."""
        return self.layer_scale if stage + 1 in self.layer_scale_stages else None


ARCHS: Mapping[str, Arch] = MappingProxyType(
    {
        'small': Arch(),
        'small_dim32': Arch(head_dim=32),
        'small_plus': Arch((3, 5, 9, 3), head_dim=32, stem='conv'),
        'small_plus_dim64': Arch((3, 5, 9, 3), stem='conv'),
        'base': Arch((5, 8, 20, 7)),
        'base_dim32': Arch((5, 8, 20, 7), head_dim=32),
        'base_ls': Arch((5, 8, 20, 7), layer_scale=1e-6, layer_scale_stages=(3, 4)),
        'large': Arch((5, 10, 24, 7), (128, 192, 448, 640)),
        'large_ls': Arch((5, 10, 24, 7), (128, 192, 448, 640), layer_scale=1e-6),
    }
)

# A wrong head_dim loads without an error and loses 15 points of accuracy. The token labeling files
# of small, small_plus and base have 32: the rows *_dim32, and small_plus, which has 32 on plain
# ImageNet as well.
