"""Why a file does not fit a net, in one sentence, from the names and shapes of both."""

from collections.abc import Collection, Mapping

from torch import Tensor

from .positions import RELATIVE_TABLE

State = Mapping[str, Tensor]
_BACKBONE = 'backbone.'
_UNKNOWN = 'parts of it are missing, or belong to another net'


def likely_cause(state: State, wanted: State) -> str:
    """Say why a file with the tensors ``state`` does not fit a net that needs ``wanted``."""
    if any(key.startswith(_BACKBONE) for key in wanted):
        return _cause_of_model(state, wanted)
    if 'class_embedding' in wanted:
        return _cause_of_vit(state, wanted)
    if any(key.startswith('blocks1.') for key in wanted):
        return _cause_of_uniformer(state, wanted)
    return _UNKNOWN if set(wanted) - set(state) else 'its tensors have other shapes'


def _cause_of_model(state: State, wanted: State) -> str:
    missing = {key for key in wanted if key not in state and not key.endswith('_tracked')}
    if absent := sorted(_first_words(missing) - _first_words(state)):
        if 'backbone' in absent:
            return 'it has no backbone'
        return (
            f'it has no {", ".join(absent)}; to train from its backbone, give the file to '
            'init_cfg of the backbone instead'
        )
    theirs, ours = _backbone_of(state), _backbone_of(wanted)
    if {k: v.shape for k, v in theirs.items()} != {k: v.shape for k, v in ours.items()}:
        return likely_cause(theirs, ours)
    if any(key.startswith('aux_head.') for key in state):
        return 'it was trained with token labels; choose a config of token labeling (…_tl_…)'
    if any(key.startswith('head.aux_fc.') for key in missing):
        return 'it was trained without token labels; choose a config without _tl_'
    return 'its head is another; choose the config of the model that it holds'


def _first_words(keys: Collection[str]) -> set[str]:
    return {key.split('.', 1)[0] for key in keys}


def _backbone_of(state: State) -> dict[str, Tensor]:
    return {
        key.removeprefix(_BACKBONE): value
        for key, value in state.items()
        if key.startswith(_BACKBONE) and not key.endswith('_tracked')
    }


def _cause_of_uniformer(state: State, wanted: State) -> str:
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
        verb = 'has' if stem in state else 'lacks'
        return f'it {verb} the convolutional stem of small_plus; choose arch to match'
    for cause in (_layer_scale(state, wanted), _divided_attention(state, wanted)):
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
        verb = 'has' if dpe in state else 'lacks'
        return f'it {verb} position embeddings; choose arch dpe to match'
    for what, measure in (('depths', depths), ('widths', widths)):
        theirs, ours = measure(state), measure(wanted)
        if theirs != ours:
            return f'its {what} are {theirs} and the net has {ours}; choose arch to match'
    return _UNKNOWN


def _layer_scale(state: Collection[str], wanted: Collection[str]) -> str | None:
    theirs, ours = (any('.gamma_' in key for key in keys) for keys in (state, wanted))
    if theirs == ours:
        return None
    verb = 'has' if theirs else 'lacks'
    rows = 'xxs_ls' if 'cls_upsample.weight' in wanted else 'base_ls, large_ls'
    remedy = '' if theirs else ", or give allow_new=['layer_scale'] to initialize it"
    return f'it {verb} layer scale ({rows}); choose arch to match{remedy}'


def _divided_attention(state: Collection[str], wanted: Collection[str]) -> str | None:
    theirs, ours = (any('.t_attn.' in key for key in keys) for keys in (state, wanted))
    if theirs == ours:
        return None
    if theirs:
        return "it has divided attention; use UniFormer3D(attention='divided')"
    return (
        "it lacks divided attention; use attention='joint', or give "
        "allow_new=['temporal_attention'] to initialize the attention along time"
    )


def _cause_of_vit(state: State, wanted: State) -> str:
    if ('ln_pre.weight' in state) != ('ln_pre.weight' in wanted):
        if 'ln_pre.weight' in wanted:
            return "it is a ViT without CLIP's ln_pre; arch='b16_vit' is such a ViT-B/16"
        return "it is a ViT with CLIP's ln_pre; arch='b16' is such a ViT-B/16"
    has_table, needs_table = (
        any(key.endswith(RELATIVE_TABLE) for key in keys) for keys in (state, wanted)
    )
    if has_table != needs_table:
        verb = 'has' if has_table else 'lacks'
        return f"it {verb} BEiT's relative positions; choose arch to match (b16_beit, b16_vit)"
    stem = 'conv1.weight'
    for what, measure in (
        ('depth', lambda tensors: _count(tensors, 'transformer.resblocks.')),
        ('width', lambda tensors: _last_size(tensors, 'class_embedding')),
        ('patch size', lambda tensors: _last_size(tensors, stem)),
    ):
        theirs, ours = measure(state), measure(wanted)
        if theirs != ours:
            return f'its {what} is {theirs} and that of the net {ours}; choose arch to match'
    if any('.lmhra1.' in key and key not in wanted for key in state):
        return 'it has local temporal MHRA; set local_mhra and temporal_downsample to match'
    theirs, ours = (_count(tensors, 'transformer.dec.') for tensors in (state, wanted))
    if theirs and ours and theirs != ours:
        return f'it has {theirs} global UniBlocks and the net {ours}; choose global_layers to match'
    if stem in state and state[stem].shape != wanted[stem].shape:
        return 'it halves time, or has other input channels; set temporal_downsample to match'
    return _UNKNOWN


def _last_size(state: State, key: str) -> int:
    return state[key].shape[-1] if key in state and state[key].ndim else 0


def _count(keys: Collection[str], prefix: str) -> int:
    return len({key[len(prefix) :].split('.')[0] for key in keys if key.startswith(prefix)})


def depths(state: State) -> tuple[int, ...]:
    """Blocks of each of the four stages of a UniFormer."""
    return tuple(
        len({key.split('.')[1] for key in state if key.startswith(f'blocks{stage}.')})
        for stage in range(1, 5)
    )


def widths(state: State) -> tuple[int, ...]:
    """Channels of each stage of a UniFormer with position embeddings."""
    keys = [f'blocks{stage}.0.pos_embed.weight' for stage in range(1, 5)]
    return tuple(size for key in keys if key in state for size in state[key].shape[:1])
