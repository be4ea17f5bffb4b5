"""Whole published files → the models of configs: which tensor goes where, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _k710_head import is_official_v2, slice_head
from permute_head import permute
from torch import Tensor, nn

from mmuniformer.weights import CheckpointError
from mmuniformer.weights.class_names import class_names
from mmuniformer.weights.head_dim import check_head_dim
from mmuniformer.weights.official_keys import likely_cause, strip_prefix, unwrap
from mmuniformer.weights.report import reshaped

BACKBONE = 'backbone.'
COUNTERS = 'num_batches_tracked'  # of BatchNorm; nothing depends on them
# Parts of published models, and what the toolboxes call them today.
TODAY = {'keypoint_head.': 'head.', 'backbone.transformer.proj.2.': 'cls_head.fc_cls.'}
# The authors' name of UniFormerV2's last norm, and mmaction2's; a net has one of them.
LAST_NORMS = ('backbone.transformer.proj.0.', 'backbone.transformer.norm.')
_TOKEN = 'of the class token, which has no part in predictions'
# What a model may do without, and why.
SUPERFLUOUS = {
    'head_cls.': _TOKEN,
    'cls_head.fc_cls_token.': _TOKEN,
    'backbone.norm_cls.': _TOKEN,
    **{
        f'backbone.norm{i}.': f'norm of stage {i}, which goes no further here' for i in (1, 2, 3, 4)
    },
}


@dataclass
class Conversion:
    """The tensors of a file under the names of a model, and what became of each.

    Attributes:
        state: what the model loads, in the order of the model.
        names: old name → new, of every tensor taken.
        left_out: old name → why.
        added: counters of BatchNorm that the file lacks, as in a new model.
        notes: sentences about the whole.
    """

    state: dict[str, Tensor]
    names: dict[str, str]
    left_out: dict[str, str]
    added: list[str]
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kept = [old for old, new in self.names.items() if old == new]
        lines = [f'{len(kept)} tensors loaded under their own names'] if kept else []
        groups: dict[tuple[str, str], int] = {}
        for old, new in self.names.items():
            if old != new:
                common = _common_end(old, new)
                pair = (old.removesuffix(common) or '*', new.removesuffix(common))
                groups[pair] = groups.get(pair, 0) + 1
        lines += [
            f'{count} loaded, renamed: {old} → {new}{"*" if old == "*" else ""}'
            for (old, new), count in groups.items()
        ]
        lines += [f'left out: {old} ({why})' for old, why in self.left_out.items()]
        if self.added:
            lines.append(f'{len(self.added)} counters of BatchNorm start at 0, the file has none')
        return '\n'.join([*lines, *self.notes])

    def every_tensor(self) -> str:
        """A line per tensor of the file."""
        lines = [
            f'loaded   {old}' if old == new else f'renamed  {old} → {new}'
            for old, new in self.names.items()
        ]
        return '\n'.join([*lines, *(f'left out {old}' for old in self.left_out)])


def _common_end(old: str, new: str) -> str:
    """The last words that two names share."""
    words = []
    for mine, other in zip(reversed(old.split('.')), reversed(new.split('.')), strict=False):
        if mine != other:
            break
        words.insert(0, mine)
    end = '.'.join(words)
    return end if end in (old, new) else f'.{end}'


def convert(
    checkpoint: Any, model: nn.Module, path: Path, dataset: str | None = None
) -> Conversion:
    """Find the place of every tensor of a published file in ``model``, and load it there.

    Args:
        path: of the file, by which it may be known.
        dataset: that a released video classifier was trained on, to have its classes in the order
            of mmaction2.

    Raises:
        CheckpointError: a tensor has no place, or a place no tensor; or the file has heads of
            another size.
        ValueError: there are no tensors in it, or the order of ``dataset`` is not known.
    """
    state, wanted = unwrap(checkpoint), model.state_dict()
    names = find_names(state, model)
    found = {names[old]: value for old, value in state.items()}
    if len(found) < len(state):
        raise CheckpointError(f'{path} has the same tensor under two names')
    notes, pairs = [], names.items()
    if dataset is None and any(new.startswith('cls_head.') and old != new for old, new in pairs):
        notes.append('classes in the order of the file; --dataset puts them in that of mmaction2')
    if dataset is not None:
        in_order = _in_order(checkpoint, dataset)
        new_names = find_names(in_order, model)
        found = {new_names[key]: value for key, value in in_order.items()}
        notes.append(f'classes in the order of mmaction2: {", ".join(class_names(dataset)[:3])}, …')
    added = [key for key in wanted if key.endswith(COUNTERS) and key not in found]
    left_out = {
        old: why
        for old, new in pairs
        if new not in wanted and (why := _why_superfluous(new)) is not None
    }
    whole = {**{key: wanted[key] for key in added}, **found}
    _check_complete(path, whole, wanted, [names[old] for old in left_out])
    bare, _ = strip_prefix(whole, BACKBONE)
    if doubt := check_head_dim(model.backbone, path, checkpoint, bare):
        notes.append(f'DOUBT: {doubt}')
    ordered = {key: whole[key].clone() for key in wanted}
    model.load_state_dict(ordered, strict=True)
    return Conversion(
        state=ordered,
        names={old: new for old, new in pairs if old not in left_out},
        left_out=left_out,
        added=added,
        notes=notes,
    )


def find_names(state: Mapping[str, Tensor], model: nn.Module) -> dict[str, str]:
    """The name in ``model`` of each tensor of a file, whether or not it is there."""
    wanted = model.state_dict()
    if any(key.startswith(BACKBONE) for key in state):
        renames = dict(TODAY)
        for norm, other in (LAST_NORMS, LAST_NORMS[::-1]):
            if f'{norm}weight' in wanted:
                renames[other] = norm
        return {old: _rename(old, renames) for old in state}
    heads = head_names(model)
    return {
        old: new if (new := _rename(old, heads)) != old or _is_head(old) else BACKBONE + old
        for old in state
    }


def head_names(model: nn.Module) -> dict[str, str]:
    """Where the heads of published classifiers are in ``model``."""
    published = getattr(getattr(model, 'head', None), 'published', {})
    names = {f'{theirs}.': f'head.{ours}.' for theirs, ours in published.items()}
    if hasattr(model, 'cls_head'):
        names |= {'head.': 'cls_head.fc_cls.', 'head_cls.': 'cls_head.fc_cls_token.'}
    return names


def _is_head(name: str) -> bool:
    return name.startswith(('head.', 'head_cls.', 'aux_head.'))


def _rename(name: str, renames: Mapping[str, str]) -> str:
    for old, new in renames.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def _why_superfluous(name: str) -> str | None:
    return next((why for start, why in SUPERFLUOUS.items() if name.startswith(start)), None)


def _in_order(checkpoint: Any, dataset: str) -> dict[str, Tensor]:
    """The tensors of a video classifier with its rows in mmaction2's order."""
    if is_official_v2(unwrap(checkpoint)):
        return slice_head(checkpoint, dataset, dataset).checkpoint['state_dict']
    return permute(checkpoint, dataset).checkpoint['state_dict']


def _check_complete(
    path: Path, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], left_out: list[str]
) -> None:
    missing = [key for key in wanted if key not in found]
    foreign = [key for key in found if key not in wanted and key not in left_out]
    wrong = reshaped(found, wanted)
    if not (missing or foreign or wrong):
        return
    used = {key: value for key, value in found.items() if key not in left_out}
    cause = _cause(used, wanted, missing, foreign)
    lines = [f'{path} does not belong to the model of this config: {cause}']
    for label, names in (
        ('in the model and not in the file', missing),
        ('in the file and not in the model', foreign),
        ('of another shape', wrong),
    ):
        if names:
            more = f' and {len(names) - 3} more' if len(names) > 3 else ''
            lines.append(f'  {label}: {", ".join(names[:3])}{more}')
    raise CheckpointError('\n'.join(lines))


def _cause(
    found: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    missing: list[str],
    foreign: list[str],
) -> str:
    parts, there = ({key.split('.', 1)[0] for key in keys} for keys in (missing, found))
    if absent := sorted(parts - there):
        if 'backbone' in absent:
            return 'it has no backbone'
        return (
            f'it has no {", ".join(absent)}; to train from its backbone, give the file to '
            'init_cfg of the backbone instead'
        )
    bare = [strip_prefix(tensors, BACKBONE)[0] for tensors in (found, wanted)]
    both_v2 = all('class_embedding' in tensors for tensors in bare)
    if not both_v2 and (bare[0].keys() != bare[1].keys() or reshaped(*bare)):
        return likely_cause(*bare)
    if any(key.startswith('aux_head.') for key in foreign):
        return 'it was trained with token labels; choose a config of token labelling (…_tl_…)'
    if any(key.startswith('head.aux_fc.') for key in missing):
        return 'it was trained without token labels; choose a config without _tl_'
    return 'its head is another; choose the config of the model that it holds'
