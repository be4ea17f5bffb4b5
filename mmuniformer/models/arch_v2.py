"""The image ViTs in UniFormerV2, as rows of a table (arXiv 2211.09552)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..layers.attention import count_heads
from ..layers.blocks_v2 import Activation
from . import checks
from .find_arch import find_row


@dataclass(frozen=True)
class ArchV2:
    """Architecture of the ViT and of its global UniBlocks; training settings are not part of it.

    ``image_size`` is the image size for which positions are learned; they are resized for others.
    ``pre_norm`` is CLIP's LayerNorm before the first layer, ``norm_eps`` the epsilon of the ViT's
    LayerNorms, ``relative_positions`` BEiT's table in the attention of every layer.

    ``head_dim``, ``activation`` and ``norm_eps`` cannot be read off the weights.

    Raises:
        ValueError: a size does not fit the others, or a field has a wrong value.
    """

    depth: int = 12
    dim: int = 768
    head_dim: int = 64
    mlp_ratio: float = 4.0
    patch_size: int = 16
    image_size: int = 224
    activation: Activation = 'quick_gelu'
    norm_eps: float = 1e-5
    pre_norm: bool = True
    relative_positions: bool = False
    global_head_dim: int = 64
    global_mlp_ratio: float = 4.0

    def __post_init__(self) -> None:
        for name in ('depth', 'dim', 'head_dim', 'patch_size', 'image_size', 'global_head_dim'):
            checks.positive_int(f'arch {name}', getattr(self, name))
        for name in ('mlp_ratio', 'global_mlp_ratio', 'norm_eps'):
            if not getattr(self, name) > 0:
                raise ValueError(f'arch {name} must be positive, got {getattr(self, name)!r}')
        for name in ('head_dim', 'global_head_dim'):
            count_heads(self.dim, getattr(self, name), f'arch {name}')
        if self.image_size % self.patch_size:
            raise ValueError(
                f'arch image_size {self.image_size} is not a multiple of patch_size '
                f'{self.patch_size}'
            )
        checks.choice('arch activation', self.activation, Activation)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches with learned positions."""
        side = self.image_size // self.patch_size
        return side, side


_B16 = ArchV2()
_L14 = ArchV2(depth=24, dim=1024, patch_size=14)
_B16_VIT = replace(_B16, activation='gelu', norm_eps=1e-6, pre_norm=False)

# b16, l14 and l14_336 are CLIP's, and those of all released files. b16_vit is the ViT-B/16 of
# supervised training (timm, DeiT) and of MAE, b16_beit the one of BEiT: starts for one's own nets.
ARCHS_V2: Mapping[str, ArchV2] = MappingProxyType(
    {
        'b16': _B16,
        'l14': _L14,
        'l14_336': replace(_L14, image_size=336),
        'b16_vit': _B16_VIT,
        'b16_beit': replace(_B16_VIT, relative_positions=True),
    }
)


def find_arch_v2(arch: str | Mapping | ArchV2) -> ArchV2:
    """Look up a row, or make one from the fields in a dict; those left out are as in ``b16``.

    Raises:
        ValueError: no such row, or a field no row has.
        TypeError: neither a name nor a dict.
    """
    return find_row(arch, ArchV2, ARCHS_V2)
