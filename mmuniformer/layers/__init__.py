"""Building blocks: tensors in, tensors out. Nothing here knows more than torch."""

from .attention import Attention, along_time, pool_tokens, windowed, within_frames
from .blocks import DividedBlock, GlobalBlock, LocalBlock, MobileBlock
from .blocks_light import HourglassBlock, HourglassState
from .drop_path import DropPath
from .mlp import Mlp
from .norm import MapLayerNorm
from .patch_embed import PATCH_EMBED, ConvPatchEmbed, PatchEmbed
from .token_pruning import (
    attend_with_score,
    gather,
    most_attended,
    pool_score,
    put,
    representative,
    update_score,
)
from .windows import merge, pad_to_windows, partition

__all__ = [
    'PATCH_EMBED',
    'Attention',
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
    'along_time',
    'attend_with_score',
    'gather',
    'merge',
    'most_attended',
    'pad_to_windows',
    'partition',
    'pool_score',
    'pool_tokens',
    'put',
    'representative',
    'update_score',
    'windowed',
    'within_frames',
]
