"""Published files → the parameter names of a bare backbone: dicts in, dicts out.

Our names are the published ones, so nothing is renamed. What differs between files is the wrapping:

*Classification* files are the dict of tensors itself, or hold it under ``model`` beside optimizer
and arguments; the token-labelling ones under ``state_dict``. They carry the heads ``head``,
``aux_head`` (token labelling), ``head_cls`` and ``norm_cls`` (light models).

*Video* files hold it under ``model_state`` beside a textual ``cfg``, or are the dict itself.

*Detection, segmentation and pose* files, and all of the OpenMMLab toolboxes, hold it under
``state_dict`` beside ``meta``; the backbone's names begin with ``backbone.``, the rest belongs to
``neck``, ``decode_head``, ``keypoint_head`` and so on.

*Distributed* training may have put ``module.`` before every name.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor

WRAPPERS = ('state_dict', 'model', 'model_state')
# Parameters that some published form of the family has outside of stages and stem. They may be left
# over: a dense net has no classifier, a classifier no norm1..norm4.
HEADS = ('head', 'aux_head', 'head_cls', 'norm_cls', 'norm', 'norm1', 'norm2', 'norm3', 'norm4')
# New in a dense net that starts from a classification file, or the other way round, hence allowed
# to be missing.
OUTPUT_NORMS = ('norm', 'norm_cls', 'norm1', 'norm2', 'norm3', 'norm4')
# Of blocks that may start anew, on request or where an image file is inflated: most image files
# have no layer scale, and none has an attention along time.
NEW_PARTS = {
    'layer_scale': re.compile(r'blocks\d\.\d+\.gamma_\d$'),
    'temporal_attention': re.compile(r'blocks\d\.\d+\.t_(norm|attn)\.'),
}


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
        state, _ = strip_prefix(state, 'module.')
    return state


def strip_prefix(state: Mapping[str, Tensor], prefix: str) -> tuple[dict[str, Tensor], list[str]]:
    """Take ``prefix`` off the names that have it; also return the names that do not."""
    inside = {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
    outside = [key for key in state if not key.startswith(prefix)]
    return inside, outside


def backbone_state(
    checkpoint: Any, prefix: str | None = None
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the backbone's tensors under bare names, and the names that belong to other parts.

    Args:
        prefix: of the backbone in the file. Found by itself where it is ``backbone.``.

    Raises:
        ValueError: no tensors, or none under ``prefix``.
    """
    state = unwrap(checkpoint)
    if prefix is None:
        prefix = 'backbone.' if any(key.startswith('backbone.') for key in state) else ''
    elif prefix and not prefix.endswith('.'):
        prefix += '.'
    inside, outside = strip_prefix(state, prefix)
    if not inside:
        raise ValueError(
            f'no name in it begins with {prefix!r}; its first names: {", ".join(list(state)[:5])}'
        )
    return inside, outside


def may_be_new(key: str, parts: Collection[str]) -> bool:
    """Whether a net may keep its own ``key``: an output norm, or among ``parts`` of its blocks."""
    if key.split('.', 1)[0] in OUTPUT_NORMS:
        return True
    return any(NEW_PARTS[part].match(key) for part in parts)


def is_head(key: str) -> bool:
    return key.split('.', 1)[0] in HEADS


def likely_cause(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """Say in a sentence why ``state`` does not fit a net with the tensors ``wanted``."""
    if any('transformer.resblocks.' in key for key in state):
        return 'it is a UniFormerV2 or CLIP file; use UniFormerV2'
    if 'cls_upsample.weight' in state and 'cls_upsample.weight' not in wanted:
        return 'it is a light (hourglass) UniFormer; use UniFormerLight'
    if not any(key.startswith('blocks1.0.') for key in state):
        return 'it is not a UniFormer backbone; if its names carry a prefix, give init_cfg a prefix'
    if 'cls_upsample.weight' in wanted and 'cls_upsample.weight' not in state:
        return 'it is not a light (hourglass) UniFormer; use UniFormer'
    stem = 'patch_embed1.proj.0.weight'
    if (stem in state) != (stem in wanted):
        having = 'has' if stem in state else 'lacks'
        return f'it {having} the convolutional stem of small_plus; choose arch to match'
    for cause in (_of_layer_scale(state, wanted), _of_divided_attention(state, wanted)):
        if cause:
            return cause
    ndim, wanted_ndim = (
        3 if any(value.ndim == 5 for value in tensors.values()) else 2
        for tensors in (state, wanted)
    )
    if ndim != wanted_ndim:
        return f'it is a {ndim}D file and the net is {wanted_ndim}D'
    dpe = 'blocks1.0.pos_embed.weight'
    if (dpe in state) != (dpe in wanted):
        having = 'has' if dpe in state else 'lacks'
        return f'it {having} position embeddings; choose arch dpe to match'
    for what, measure in (('depths', depths), ('widths', widths)):
        theirs, ours = measure(state), measure(wanted)
        if theirs != ours:
            return f'its {what} are {theirs} and the net has {ours}; choose arch to match'
    return 'parts of it are missing, or belong to another net'


def _of_layer_scale(state: Collection[str], wanted: Collection[str]) -> str | None:
    theirs, ours = (any('.gamma_' in key for key in keys) for keys in (state, wanted))
    if theirs == ours:
        return None
    having = 'has' if theirs else 'lacks'
    rows = 'xxs_ls' if 'cls_upsample.weight' in wanted else 'base_ls, large_ls'
    remedy = '' if theirs else ", or give allow_new=['layer_scale'] to start it anew"
    return f'it {having} layer scale ({rows}); choose arch to match{remedy}'


def _of_divided_attention(state: Collection[str], wanted: Collection[str]) -> str | None:
    theirs, ours = (any('.t_attn.' in key for key in keys) for keys in (state, wanted))
    if theirs == ours:
        return None
    if theirs:
        return "it has divided attention; use UniFormer3D(attention='divided')"
    return (
        "it lacks divided attention; use attention='joint', or give "
        "allow_new=['temporal_attention'] to start the attention along time anew"
    )


def depths(state: Mapping[str, Tensor]) -> tuple[int, ...]:
    return tuple(
        len({key.split('.')[1] for key in state if key.startswith(f'blocks{stage}.')})
        for stage in range(1, 5)
    )


def widths(state: Mapping[str, Tensor]) -> tuple[int, ...]:
    keys = [f'blocks{stage}.0.pos_embed.weight' for stage in range(1, 5)]
    return tuple(size for key in keys if key in state for size in state[key].shape[:1])
