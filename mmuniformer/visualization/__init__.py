"""What networks see: Grad-CAM, attention, local affinities, feature maps, and drawings of them."""

from .attention import affinity, attention_map, find_global_block
from .attention_v2 import (
    class_attention_map,
    clip_attention_map,
    patch_attention_map,
    token_affinity,
)
from .cam import BoxScores, KeypointPeaks, as_clip, cam_layer, grad_cam
from .features import (
    channel_mean,
    layer_maps,
    local_affinity,
    principal_components,
    stage_maps,
)
from .overlay import color_components, draw_box, kernel_sheet, overlay, side_by_side

__all__ = [
    'BoxScores',
    'KeypointPeaks',
    'affinity',
    'as_clip',
    'attention_map',
    'cam_layer',
    'channel_mean',
    'class_attention_map',
    'clip_attention_map',
    'color_components',
    'draw_box',
    'find_global_block',
    'grad_cam',
    'kernel_sheet',
    'layer_maps',
    'local_affinity',
    'overlay',
    'patch_attention_map',
    'principal_components',
    'side_by_side',
    'stage_maps',
    'token_affinity',
]
