"""What a file and a net have in common, tensor by tensor, and why a file is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from .rules import NO_KEY, Rules

COUNTER = 'num_batches_tracked'  # of BatchNorm; no output depends on it


class CheckpointError(ValueError):
    """A file that does not belong to the net it was given to. The net is left as it was."""


@dataclass
class FileState:
    """The tensors of a file under the names of the net, and what is left out on purpose.

    Attributes:
        absent: keys that files of this format never have, as a regular expression.
        inflated: keys that got a time axis.
        resized: keys of positions that were resized.
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    other_parts: list[str] = field(default_factory=list)
    absent: str = NO_KEY
    inflated: list[str] = field(default_factory=list)
    resized: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LoadReport:
    """What became of every tensor of the net and of the file.

    Attributes:
        loaded: keys loaded as they are.
        inflated: keys loaded with a new time axis.
        resized: those among the loaded that are positions of another resolution.
        initialized: keys that the file lacks and may lack: they keep their initial values.
        missing_keys: other keys of the net that the file lacks.
        heads: classifiers and norms in the file for which this net has no use.
        other_parts: keys outside the backbone (neck, heads of a toolbox).
        unexpected_keys: any other key of the file.
        coverage: share of the net's tensors in the file, by number or by size, whichever is less.
        warning: a sentence about what could not be verified, or ''.
    """

    source: str
    loaded: tuple[str, ...]
    inflated: tuple[str, ...]
    resized: tuple[str, ...]
    initialized: tuple[str, ...]
    missing_keys: tuple[str, ...]
    heads: tuple[str, ...]
    other_parts: tuple[str, ...]
    unexpected_keys: tuple[str, ...]
    coverage: float
    warning: str = ''

    def __str__(self) -> str:
        found = len(self.loaded) + len(self.inflated)
        wanted = found + len(self.missing_keys)
        lines = [f'{self.source}: {found} of {wanted} backbone tensors loaded']
        for label, keys in (
            ('inflated from 2D', self.inflated),
            ('resized (among those loaded)', self.resized),
            ('initialized, not in the file (expected)', self.initialized),
            ('MISSING in the file', self.missing_keys),
            ('heads left out (expected)', self.heads),
            ('other parts of the file left out (expected)', self.other_parts),
            ('UNEXPECTED in the file', self.unexpected_keys),
        ):
            if keys:
                modules = list(dict.fromkeys(key.rsplit('.', 1)[0] for key in keys))
                more = f' and {len(modules) - 4} more' if len(modules) > 4 else ''
                lines.append(f'  {label}: {len(keys)} in {", ".join(modules[:4])}{more}')
        if self.warning:
            lines.append(f'  WARNING: {self.warning}')
        return '\n'.join(lines)


def build_report(
    source: str, state: FileState, wanted: Mapping[str, Tensor], rules: Rules
) -> LoadReport:
    """Tell what becomes of every tensor of the file (``state``) and of the net (``wanted``)."""
    optional = f'{rules.optional}|{state.absent}'
    if state.inflated:
        optional = f'{optional}|{rules.optional_if_inflated}'
    # Files from before PyTorch 0.4.1 have no counters.
    own = [key for key in wanted if not key.endswith(COUNTER)]
    absent = [key for key in own if key not in state.tensors]
    initialized = [key for key in absent if re.match(optional, key)]
    missing = [key for key in absent if not re.match(optional, key)]
    counted = [key for key in own if key not in initialized]
    size = sum(wanted[key].numel() for key in counted)
    size_missing = sum(wanted[key].numel() for key in missing)
    left = [key for key in state.tensors if key not in wanted]
    return LoadReport(
        source=source,
        loaded=tuple(k for k in own if k in state.tensors and k not in state.inflated),
        inflated=tuple(state.inflated),
        resized=tuple(state.resized),
        initialized=tuple(initialized),
        missing_keys=tuple(missing),
        heads=(*state.heads, *(key for key in left if re.match(rules.ignored, key))),
        other_parts=tuple(state.other_parts),
        unexpected_keys=tuple(key for key in left if not re.match(rules.ignored, key)),
        coverage=1 - max(len(missing) / len(counted), size_missing / size),
    )


def shape_mismatches(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """A line for each tensor that has one shape in the file and another in the net."""
    return [
        f'{key}: {tuple(value.shape)} in the file, {tuple(wanted[key].shape)} in the net'
        for key, value in state.items()
        if key in wanted and value.shape != wanted[key].shape
    ]


def foreign_keys(report: LoadReport, rules: Rules) -> list[str]:
    return [key for key in report.unexpected_keys if re.match(rules.foreign, key)]


def is_refused(report: LoadReport, mismatches: list[str], rules: Rules) -> bool:
    required = any(re.match(rules.required, key) for key in report.missing_keys)
    too_few = report.coverage < rules.min_coverage
    return bool(mismatches or required or too_few or foreign_keys(report, rules))


def error_message(
    report: LoadReport, cause: str, first_keys: list[str], mismatches: list[str], rules: Rules
) -> str:
    """Explain why a file is refused; ``first_keys`` are its own."""
    foreign = foreign_keys(report, rules)
    needed = 1 if rules.required != NO_KEY else rules.min_coverage
    lines = [
        f'{report.source} does not belong to {rules.net}: {cause}.',
        *([f'  {rules.advice}'] if rules.advice else []),
        f'  {report.coverage:.1%} of the net covered ({needed:.0%} needed), '
        f'{len(mismatches)} of another shape, {len(foreign)} without a place',
        f'  first names in the file: {", ".join(first_keys)}',
        *(f'  {line}' for line in mismatches[:3]),
    ]
    for label, keys in (('without a place', foreign), ('missing', report.missing_keys)):
        if keys:
            more = f' and {len(keys) - 3} more' if len(keys) > 3 else ''
            lines.append(f'  {label}: {", ".join(keys[:3])}{more}')
    return '\n'.join(lines)
