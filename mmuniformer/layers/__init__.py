"""Building blocks of the networks: tensors in, tensors out, with torch as the only dependency."""

from .ablations import DividedBlock, MobileBlock, PooledBlock
from .attention import Attention
from .blocks import Block, GlobalBlock, LocalBlock
from .blocks_light import HourglassBlock, HourglassState
from .conv_patch_embed import ConvPatchEmbed
from .drop_path import DropPath
from .mlp import Mlp
from .norm import MapLayerNorm
from .patch_embed import PatchEmbed
from .token_pruning import (
    attend_with_score,
    gather_tokens,
    most_attended,
    pool_score,
    representative,
    scatter_tokens,
    update_score,
)
from .windows import merge, pad_to_windows, partition, windowed

__all__ = [
    'Attention',
    'Block',
    'ConvPatchEmbed',
    'DividedBlock',
    'DropPath',
    'GlobalBlock',
    'HourglassBlock',
    'HourglassState',
    'LocalBlock',
    'MapLayerNorm',
    'Mlp',
    'MobileBlock',
    'PatchEmbed',
    'PooledBlock',
    'attend_with_score',
    'gather_tokens',
    'merge',
    'most_attended',
    'pad_to_windows',
    'partition',
    'pool_score',
    'representative',
    'scatter_tokens',
    'update_score',
    'windowed',
]
