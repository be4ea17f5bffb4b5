"""A loaded file → its dict of tensors.

Our parameter names are the published ones; what differs between published files is the wrapping:

*Classification* files are the dict of tensors itself, or hold it under ``model`` beside optimizer
and arguments; the token-labeling ones under ``state_dict``. They carry the heads ``head``,
``aux_head`` (token labeling), ``head_cls`` and ``norm_cls`` (light models).

*Video* files hold it under ``model_state`` beside a textual ``cfg``, or are the dict itself.

*Detection, segmentation and pose* files, and all of the OpenMMLab toolboxes, hold it under
``state_dict`` beside ``meta``; the backbone's names begin with ``backbone.``, the rest belongs to
``neck``, ``decode_head``, ``keypoint_head`` and so on.

*Distributed* training may have put ``module.`` before every name.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

WRAPPERS = ('state_dict', 'model', 'model_state')


def unwrap(checkpoint: Any) -> dict[str, Tensor]:
    """Return the dict of tensors inside a loaded file, without ``module.`` before every name.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(checkpoint, Mapping):
        raise ValueError(f'it holds a {type(checkpoint).__name__}, not a dict of tensors')
    for wrapper in WRAPPERS:
        inner = checkpoint.get(wrapper)
        if isinstance(inner, Mapping) and inner:
            checkpoint = inner
            break
    state = {
        key: value
        for key, value in checkpoint.items()
        if isinstance(key, str) and isinstance(value, Tensor)
    }
    if not state:
        raise ValueError(
            f'it holds no tensors by name, neither directly nor under {", ".join(WRAPPERS)}; '
            f'its keys: {", ".join(map(str, list(checkpoint)[:5])) or "none"}'
        )
    if all(key.startswith('module.') for key in state):
        state = {key.removeprefix('module.'): value for key, value in state.items()}
    return state
