"""Keys of a file → keys of a net.

Backbones here have the published names, so hardly anything is renamed: prefixes of the toolboxes
are removed, image ViTs get the names of UniFormerV2 (:mod:`.vit_keys`), and UniFormerV2's last
LayerNorm has two names.
"""

from collections.abc import Mapping

from torch import Tensor

from .report import FileState
from .rules import GLOBAL_UNIBLOCKS, LOCAL_UNIBLOCKS, NO_KEY
from .validate import check_dtypes
from .vit_keys import vit_state

# UniFormerV2's last LayerNorm: in the authors' files, where it is part of the classifier, and in
# mmaction2's.
FINAL_NORMS = ('transformer.proj.0.', 'transformer.norm.')
OFFICIAL_HEAD = 'transformer.proj.2.'  # the linear layer after it in the authors' files


def rename(
    state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], names: Mapping[str, str] | None
) -> FileState:
    """Give the tensors of a file the names of a net.

    Args:
        wanted: state dict of the net.
        names: see :class:`.Rules`.

    Raises:
        ValueError: no key has a prefix in ``names``, two keys get one name, or the net is a
            UniFormerV2 and the file neither that nor a known ViT.
    """
    if names is None:
        has_prefix = any(key.startswith('backbone.') for key in state)
        names = {'backbone.' if has_prefix else '': ''}
    norm = final_norm_of(wanted)
    result = FileState()
    for old, value in state.items():
        new = rename_key(old, names, norm)
        if new is None:
            result.other_parts.append(old)
        elif new in result.tensors:
            raise ValueError(f'it has {new} under two names, one of them {old}')
        else:
            result.tensors[new] = value
    if not result.tensors:
        raise ValueError(
            f'no name in it begins with {" or ".join(map(repr, names))}; '
            f'its first names: {", ".join(list(state)[:5])}'
        )
    return _rename_v2(result) if 'class_embedding' in wanted else result


def rename_key(key: str, names: Mapping[str, str], norm: str | None = None) -> str | None:
    """Rename one key by a table of prefixes, ``None`` if it has none of them.

    Args:
        norm: what the net calls UniFormerV2's last LayerNorm.
    """
    for old, new in names.items():
        if key.startswith(old):
            return rename_final_norm(new + key.removeprefix(old), norm)
    return None


def rename_final_norm(key: str, norm: str | None) -> str:
    if norm is not None:
        for other in FINAL_NORMS:
            key = key.replace(other, norm)
    return key


def final_norm_of(keys: Mapping[str, Tensor]) -> str | None:
    """What a net with these keys calls UniFormerV2's last LayerNorm, ``None`` without one."""
    return next((norm for norm in FINAL_NORMS if any(norm in key for key in keys)), None)


def _rename_v2(state: FileState) -> FileState:
    if any(key.startswith('transformer.temporal_cls_token') for key in state.tensors):
        state.heads = [key for key in state.tensors if key.startswith(OFFICIAL_HEAD)]
        for key in state.heads:
            del state.tensors[key]
        check_dtypes(state.tensors)
    else:
        vit = vit_state(state.tensors)
        vit.other_parts += state.other_parts
        vit.absent = GLOBAL_UNIBLOCKS
        state = vit
    if not any('.lmhra' in key for key in state.tensors):
        state.absent = '|'.join(
            pattern for pattern in (state.absent, LOCAL_UNIBLOCKS) if pattern != NO_KEY
        )
    return state
