"""Stand-ins for released files, under the names that examples give them."""

import torch
from reference import Case


def _k710() -> dict[str, torch.Tensor]:
    """The names of a UniFormerV2 of mmaction2, with hardly any numbers and 710 classes."""
    manifest = Case('mmaction2_uniformerv2_b16').manifest
    state = {name: torch.zeros(shape[:1]) for name, shape in manifest.items()}
    return {**state, **{k: torch.zeros(710) for k in state if k.startswith('cls_head.')}}


RELEASED = {
    'uniformer_small_in1k.pth': lambda: {'model': Case('cls_small').state_dict()},
    'uniformer_small_k400_16x4.pth': lambda: Case('video_small').state_dict(),
    'uniformerv2_b16_8_k710.pth': _k710,
}
