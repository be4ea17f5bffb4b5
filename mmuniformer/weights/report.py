"""What a file and a net have in common, tensor by tensor, and why a file is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


class CheckpointError(ValueError):
    """A file that does not belong to the net it was given to. The net is left as it was."""


@dataclass(frozen=True)
class LoadReport:
    """What became of every tensor of the net and of the file.

    Attributes:
        loaded: names taken as they are; ``inflated`` those that got a time axis.
        new: what the file does not have and need not: output norms, as a classification file; and
            the parts of blocks that ``allow_new`` names.
        missing: other parameters of the net that the file does not have.
        heads: classifiers and norms in the file that this net has no use for.
        other_parts: names outside the backbone (neck, heads of a toolbox).
        unused: any other name in the file.
        coverage: share of the net's own tensors found, by number or by size, whichever is less.
        doubt: a sentence about what could not be made sure of, or ''.
    """

    source: str
    loaded: tuple[str, ...]
    inflated: tuple[str, ...]
    new: tuple[str, ...]
    missing: tuple[str, ...]
    heads: tuple[str, ...]
    other_parts: tuple[str, ...]
    unused: tuple[str, ...]
    coverage: float
    doubt: str = ''

    def __str__(self) -> str:
        found = len(self.loaded) + len(self.inflated)
        wanted = found + len(self.missing)
        lines = [f'{self.source}: {found} of {wanted} backbone tensors loaded']
        for label, names in (
            ('inflated from 2D', self.inflated),
            ('new, not in the file (expected)', self.new),
            ('MISSING in the file', self.missing),
            ('heads left out (expected)', self.heads),
            ('other parts of the file left out (expected)', self.other_parts),
            ('UNUSED', self.unused),
        ):
            if names:
                modules = list(dict.fromkeys(name.rsplit('.', 1)[0] for name in names))
                more = f' and {len(modules) - 4} more' if len(modules) > 4 else ''
                lines.append(f'  {label}: {len(names)} in {", ".join(modules[:4])}{more}')
        if self.doubt:
            lines.append(f'  DOUBT: {self.doubt}')
        return '\n'.join(lines)


def account(
    source: str,
    state: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    inflated: Sequence[str],
    *,
    may_be_new: Callable[[str], bool],
    is_head: Callable[[str], bool],
    other_parts: Sequence[str],
    kind: type[LoadReport] = LoadReport,
    **more: Any,
) -> LoadReport:
    """Tell what becomes of every tensor of the file (``state``) and of the net (``wanted``).

    Args:
        may_be_new: names of the net that the file need not have.
        is_head: names of the file that this net has no use for.
        more: further attributes of ``kind``.
    """
    # Counters of BatchNorm: files from before PyTorch 0.4.1 lack them, and nothing depends on them.
    own = [key for key in wanted if not key.endswith('num_batches_tracked')]
    absent = [key for key in own if key not in state]
    missing = [key for key in absent if not may_be_new(key)]
    new = [key for key in absent if may_be_new(key)]
    counted = [key for key in own if key not in new]
    size = sum(wanted[key].numel() for key in counted)
    size_missing = sum(wanted[key].numel() for key in missing)
    left = [key for key in state if key not in wanted]
    return kind(
        source=source,
        loaded=tuple(key for key in own if key in state and key not in inflated),
        inflated=tuple(inflated),
        new=tuple(new),
        missing=tuple(missing),
        heads=tuple(key for key in left if is_head(key)),
        other_parts=tuple(other_parts),
        unused=tuple(key for key in left if not is_head(key)),
        coverage=1 - max(len(missing) / len(counted), size_missing / size),
        **more,
    )


def reshaped(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """A line for each tensor that has one shape in the file and another in the net."""
    return [
        f'{key}: {tuple(value.shape)} in the file, {tuple(wanted[key].shape)} in the net'
        for key, value in state.items()
        if key in wanted and value.shape != wanted[key].shape
    ]


def refusal(
    report: LoadReport,
    cause: str,
    state: Mapping[str, Tensor],
    wrong: Sequence[str],
    foreign: Sequence[str],
    needed: float,
) -> str:
    """The message about a file with tensors of ``wrong`` shape, ``foreign`` or missing ones."""
    lines = [
        f'{report.source} does not belong to this net: {cause}.',
        f'  {report.coverage:.1%} of the net covered ({needed:.0%} needed), '
        f'{len(wrong)} of another shape, {len(foreign)} without a place',
        f'  first names in the file: {", ".join(list(state)[:5])}',
        *(f'  {line}' for line in wrong[:3]),
    ]
    for label, names in (('without a place', foreign), ('missing', report.missing)):
        if names:
            lines.append(f'  {label}: {", ".join(names[:3])}')
    return '\n'.join(lines)
