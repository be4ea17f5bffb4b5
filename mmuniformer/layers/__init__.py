"""Building blocks: tensors in, tensors out. Nothing here knows more than torch."""

from .attention import Attention, windowed
from .blocks import GlobalBlock, LocalBlock
from .drop_path import DropPath
from .mlp import Mlp
from .norm import MapLayerNorm
from .patch_embed import PATCH_EMBED, ConvPatchEmbed, PatchEmbed
from .windows import merge, pad_to_windows, partition

__all__ = [
    'PATCH_EMBED',
    'Attention',
    'ConvPatchEmbed',
    'DropPath',
    'GlobalBlock',
    'LocalBlock',
    'MapLayerNorm',
    'Mlp',
    'PatchEmbed',
    'merge',
    'pad_to_windows',
    'partition',
    'windowed',
]
