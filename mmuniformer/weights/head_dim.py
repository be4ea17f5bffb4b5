"""What no shape shows: whether a file's attention heads have 32 channels or 64."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .official_keys import depths, widths
from .report import CheckpointError
from .zoo import Published, find_by_name, identify, published_files

# Nets released with both: what each is called by the channels of its heads.
TWINS: Mapping[tuple[int, ...], Mapping[int, str]] = {
    (3, 4, 8, 3): {64: 'small', 32: 'small_dim32'},
    (3, 5, 9, 3): {64: 'small_plus_dim64', 32: 'small_plus'},
    (5, 8, 20, 7): {64: 'base', 32: 'base_dim32'},
}
TWIN_WIDTHS = (64, 128, 320, 512)
_ARCH = re.compile(r"\barch=['\"](\w+)['\"]")
_HEAD_DIM = re.compile(r'\bhead_dim\s*[=:]\s*(\d{1,4})\b', re.IGNORECASE)


def check_head_dim(net: nn.Module, path: Path, checkpoint: Any, state: Mapping[str, Tensor]) -> str:
    """Compare the heads of a file that fits ``net`` by its shapes with those of ``net``.

    A released file is known by its hash, else by its name; one that a training wrote tells by the
    config inside.

    Returns:
        '', or a sentence of doubt where nothing tells.

    Raises:
        CheckpointError: the file is known to have other heads.
    """
    found = {
        part.qkv.in_features // part.num_heads
        for part in net.modules()
        if isinstance(getattr(part, 'qkv', None), nn.Linear)
    }
    if len(found) != 1:  # no attention
        return ''
    (ours,) = found
    published = identify(path) or find_by_name(path)
    told = {published.head_dim} if published else told_by_config(checkpoint)
    if ours in told:
        return ''
    if len(told) == 1:
        raise CheckpointError(_refusal(path, ours, *told, published, state))
    twins = TWINS.get(depths(state), {}) if widths(state) == TWIN_WIDTHS else {}
    others = [arch for head_dim, arch in twins.items() if head_dim != ours]
    if not others:
        return ''
    return (
        f'{path.name} does not tell its head_dim, which no shape shows; the net has {ours}. '
        f'If the file is one of {" or ".join(map(repr, others))}, choose that arch'
    )


def told_by_config(checkpoint: Any) -> set[int]:
    """Every head_dim that the config inside a file names, in the words of any of the trainings."""
    if not isinstance(checkpoint, Mapping):
        return set()
    meta = checkpoint.get('meta')
    meta = meta if isinstance(meta, Mapping) else {}
    known = {row.arch: row.head_dim for row in published_files()}
    told = set()
    for text in (meta.get('cfg'), meta.get('config'), checkpoint.get('cfg')):
        if isinstance(text, str):
            told |= {known[arch] for arch in _ARCH.findall(text) if arch in known}
            told |= {int(number) for number in _HEAD_DIM.findall(text)}
    return told


def _refusal(
    path: Path, ours: int, theirs: int, published: Published | None, state: Mapping[str, Tensor]
) -> str:
    arch = published.arch if published else TWINS.get(depths(state), {}).get(theirs)
    choose = f'choose arch={arch!r}' if arch else f'choose an arch with head_dim {theirs}'
    known = f'is the released {published.name}' if published else 'tells by its config'
    return (
        f'{path} {known}: its attention heads have {theirs} channels, those of the net {ours}. The '
        f'shapes are the same, the results would not be; {choose}'
    )
