"""What a net sees: Grad-CAMs, attention, local affinities, feature maps, and pictures of them."""

from .attention import affinity, attention_map, find_global_block
from .cam import BoxScores, KeypointPeaks, as_clip, cam_layer, grad_cam
from .features import channel_mean, local_affinity, principal_components, stage_maps
from .overlay import (
    colour_components,
    kernel_sheet,
    mark,
    overlay,
    side_by_side,
    write_clip,
    write_picture,
)

__all__ = [
    'BoxScores',
    'KeypointPeaks',
    'affinity',
    'as_clip',
    'attention_map',
    'cam_layer',
    'channel_mean',
    'colour_components',
    'find_global_block',
    'grad_cam',
    'kernel_sheet',
    'local_affinity',
    'mark',
    'overlay',
    'principal_components',
    'side_by_side',
    'stage_maps',
    'write_clip',
    'write_picture',
]
