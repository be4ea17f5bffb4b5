"""What no shape shows: whether a file's attention heads have 32 channels or 64."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from .diagnose import depths, widths
from .read import Checkpoint
from .report import CheckpointError
from .zoo import published_files

# Nets released with both: names by the channels of their heads.
AMBIGUOUS_ARCHS: Mapping[tuple[int, ...], Mapping[int, str]] = {
    (3, 4, 8, 3): {64: 'small', 32: 'small_dim32'},
    (3, 5, 9, 3): {64: 'small_plus_dim64', 32: 'small_plus'},
    (5, 8, 20, 7): {64: 'base', 32: 'base_dim32'},
}
_AMBIGUOUS_WIDTHS = (64, 128, 320, 512)
_ARCH = re.compile(r"\barch=['\"](\w+)['\"]")
_HEAD_DIM = re.compile(r'\bhead_dim\s*[=:]\s*(\d{1,4})\b', re.IGNORECASE)


def check_head_dim(net: nn.Module, checkpoint: Checkpoint, tensors: Mapping[str, Tensor]) -> str:
    """Compare the heads of a file that fits ``net`` by its shapes with those of ``net``.

    A released file is known by its hash or name; one that a training wrote by the config inside.

    Args:
        net: a backbone, or a model with a ``backbone``.
        tensors: of the file, under the names of ``net``.

    Returns:
        A warning if the head_dim of the file is unknown and matters, else ''.

    Raises:
        CheckpointError: the file is known to have other heads.
    """
    net = getattr(net, 'backbone', net)
    parts = ((getattr(part, 'qkv', None), getattr(part, 'num_heads', 1)) for part in net.modules())
    found = {qkv.in_features // heads for qkv, heads in parts if isinstance(qkv, nn.Linear)}
    if len(found) != 1:  # no attention
        return ''
    (ours,) = found
    row = checkpoint.published
    known = {row.head_dim} if row else head_dims_in_config(checkpoint.content)
    if ours in known:
        return ''
    bare = {key.removeprefix('backbone.'): value for key, value in tensors.items()}
    archs = AMBIGUOUS_ARCHS.get(depths(bare), {})
    if len(known) == 1:
        (theirs,) = known
        arch = row.arch if row else archs.get(theirs)
        choose = f'choose arch={arch!r}' if arch else f'choose an arch with head_dim {theirs}'
        origin = f'is the released {row.name}' if row else 'tells by its config'
        raise CheckpointError(
            f'{checkpoint.path} {origin}: its attention heads have {theirs} channels, those of the '
            f'net {ours}. The shapes are the same, the results would not be; {choose}'
        )
    others = [arch for head_dim, arch in archs.items() if head_dim != ours]
    if not others or widths(bare) != _AMBIGUOUS_WIDTHS:
        return ''
    return (
        f'{checkpoint.path.name} does not tell its head_dim, which no shape shows; the net has '
        f'{ours}. If the file is one of {" or ".join(map(repr, others))}, choose that arch'
    )


def head_dims_in_config(content: Any) -> set[int]:
    """Every head_dim that the config inside a file names, in the words of any of the trainings."""
    if not isinstance(content, Mapping):
        return set()
    meta = content.get('meta')
    meta = meta if isinstance(meta, Mapping) else {}
    known = {row.arch: row.head_dim for row in published_files()}
    found = set()
    for text in (meta.get('cfg'), meta.get('config'), content.get('cfg')):
        if isinstance(text, str):
            found |= {known[arch] for arch in _ARCH.findall(text) if arch in known}
            found |= {int(number) for number in _HEAD_DIM.findall(text)}
    return found
