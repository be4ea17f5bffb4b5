"""Loading published weights into a backbone, with every parameter accounted for."""

import argparse
import pickle
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from .inflate import inflate
from .official_keys import NEW_PARTS, backbone_state, is_head, likely_cause, may_be_new

MIN_COVERAGE = 0.95
_STAGES = ('patch_embed', 'blocks', 'cls_token', 'cls_upsample', 'transformer.')


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
        return '\n'.join(lines)


def is_url(source: str) -> bool:
    return urlparse(source).scheme in ('http', 'https')


def fetch(url: str) -> Path:
    """Download ``url`` into torch hub's cache unless it is there, and return the path.

    A file name that ends in ``-<hash>.pth`` or ``_<hash>.pth`` is held to that SHA-256.
    """
    folder = Path(torch.hub.get_dir()) / 'checkpoints'
    path = folder / Path(urlparse(url).path).name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        digest = re.search(r'-([a-f0-9]{8,})\.', path.name)
        try:
            torch.hub.download_url_to_file(url, str(path), digest.group(1) if digest else None)
        except (OSError, RuntimeError) as error:  # RuntimeError: not the hash in its name
            raise CheckpointError(
                f'{url} could not be downloaded ({error}); fetch it by other means and give its '
                f'path, or put it at {path}'
            ) from error
    return path


def read_checkpoint(source: str | Path) -> Any:
    """Read a file or URL, tensors and plain data only: nothing in it can run.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: it is damaged, or holds other things than tensors and plain data.
    """
    path = fetch(str(source)) if is_url(str(source)) else Path(source)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist or is not a file')
    try:
        # The DeiT-style training loops stored their parsed arguments beside the weights.
        with _allowing(argparse.Namespace):
            return torch.load(path, map_location='cpu', weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError) as error:
        # PyTorch's text goes on to recommend switching the check off.
        reason = str(error).rsplit('WeightsUnpickler error:')[-1].strip().split('\n', 1)[0]
        raise CheckpointError(
            f'{path} is damaged, or not a file of tensors: {type(error).__name__}: {reason}'
        ) from error


def _allowing(*classes: type) -> AbstractContextManager:
    if hasattr(torch.serialization, 'safe_globals'):
        return torch.serialization.safe_globals(list(classes))
    return nullcontext()  # before PyTorch 2.5 the list cannot be added to


def load_backbone(
    net: nn.Module,
    source: str | Path,
    *,
    prefix: str | None = None,
    inflation: str = 'average',
    allow_new: Sequence[str] = (),
) -> LoadReport:
    """Load any published file of the family into ``net``, or refuse it and leave ``net`` untouched.

    Args:
        source: path or URL.
        prefix: of the backbone's names in the file; found by itself where it is ``backbone.``.
        inflation: of 2D weights in a 3D net, ``'average'`` or ``'center'``.
        allow_new: parts of blocks that the file may lack, to start with the values they have in
            ``net``: ``'layer_scale'``, ``'temporal_attention'`` (of divided attention). Both are
            allowed wherever 2D weights are inflated. They stand in the report as new.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: it is damaged, of another architecture, or covers under 95 % of ``net``.
        TypeError: ``allow_new`` is one string.
        ValueError: a part in ``allow_new`` that there is not.
    """
    if isinstance(allow_new, str):
        raise TypeError(f'allow_new is a sequence of parts, got {allow_new!r}')
    if unknown := set(allow_new) - set(NEW_PARTS):
        raise ValueError(f'allow_new {sorted(unknown)} are none of {tuple(NEW_PARTS)}')
    try:
        state, other_parts = backbone_state(read_checkpoint(source), prefix)
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f'{source} cannot be used: {error}') from error
    wanted = net.state_dict()
    state, inflated = _inflate_where_needed(state, wanted, inflation)
    parts = tuple(NEW_PARTS) if inflated else tuple(allow_new)
    report = _account(str(source), state, wanted, inflated, parts, other_parts)
    reshaped = [
        f'{key}: {tuple(state[key].shape)} in the file, {tuple(wanted[key].shape)} in the net'
        for key in (*report.loaded, *report.inflated)
        if state[key].shape != wanted[key].shape
    ]
    foreign = [key for key in report.unused if key.startswith(_STAGES)]
    if reshaped or foreign or report.coverage < MIN_COVERAGE:
        raise CheckpointError(_refusal(report, state, wanted, reshaped, foreign))
    net.load_state_dict({key: state[key] for key in wanted if key in state}, strict=False)
    return report


def _inflate_where_needed(
    state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], how: str
) -> tuple[dict[str, Tensor], list[str]]:
    result, inflated = dict(state), []
    for key, value in state.items():
        if key in wanted and value.ndim == 4 and wanted[key].ndim == 5:
            result[key] = inflate(value, wanted[key].shape[2], how)
            inflated.append(key)
    return result, inflated


def _account(
    source: str,
    state: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    inflated: list[str],
    new_parts: Sequence[str],
    other_parts: list[str],
) -> LoadReport:
    # Counters of BatchNorm: files from before PyTorch 0.4.1 lack them, and nothing depends on them.
    own = [key for key in wanted if not key.endswith('num_batches_tracked')]
    absent = [key for key in own if key not in state]
    new = [key for key in absent if may_be_new(key, new_parts)]
    missing = [key for key in absent if key not in new]
    counted = [key for key in own if key not in new]
    size = sum(wanted[key].numel() for key in counted)
    size_missing = sum(wanted[key].numel() for key in missing)
    left = [key for key in state if key not in wanted]
    return LoadReport(
        source=source,
        loaded=tuple(key for key in own if key in state and key not in inflated),
        inflated=tuple(inflated),
        new=tuple(new),
        missing=tuple(missing),
        heads=tuple(key for key in left if is_head(key)),
        other_parts=tuple(other_parts),
        unused=tuple(key for key in left if not is_head(key)),
        coverage=1 - max(len(missing) / len(counted), size_missing / size),
    )


def _refusal(
    report: LoadReport,
    state: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    reshaped: list[str],
    foreign: list[str],
) -> str:
    expected = {key: value for key, value in wanted.items() if key not in report.new}
    lines = [
        f'{report.source} does not belong to this net: {likely_cause(state, expected)}.',
        f'  {report.coverage:.1%} of the net covered ({MIN_COVERAGE:.0%} needed), '
        f'{len(reshaped)} of another shape, {len(foreign)} without a place',
        f'  first names in the file: {", ".join(list(state)[:5])}',
    ]
    lines += [f'  {line}' for line in reshaped[:3]]
    if foreign:
        lines.append(f'  without a place: {", ".join(foreign[:3])}')
    if report.missing:
        lines.append(f'  missing: {", ".join(report.missing[:3])}')
    return '\n'.join(lines)
