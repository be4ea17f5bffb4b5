"""Loading published weights into a backbone, with every parameter accounted for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from .formats import read_pth, read_safetensors
from .head_dim import check_head_dim
from .inflate import inflate
from .official_keys import NEW_PARTS, backbone_state, is_head, likely_cause, may_be_new
from .report import CheckpointError, LoadReport, account, refusal, reshaped
from .usable import check_kinds, converted

MIN_COVERAGE = 0.95
_STAGES = ('patch_embed', 'blocks', 'cls_token', 'cls_upsample', 'transformer.')


def is_url(source: str) -> bool:
    return urlparse(source).scheme in ('http', 'https')


def fetch(url: str) -> Path:
    """Download ``url`` into torch hub's cache unless it is there, and return the path.

    A file name that ends in ``-<hash>.pth`` is held to that SHA-256.
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


def local(source: str | Path) -> Path:
    """The path of a file, or of the copy of a URL."""
    return fetch(str(source)) if is_url(str(source)) else Path(source)


def read_checkpoint(source: str | Path) -> Any:
    """Read a file or URL, tensors and plain data only: nothing in it can run.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be opened.
        CheckpointError: it is damaged, or holds other things than tensors and plain data.
    """
    path = local(source)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist or is not a file')
    return read_safetensors(path) if path.suffix == '.safetensors' else read_pth(path)


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
        CheckpointError: it is damaged, of another architecture, or covers under 95 % of ``net``;
            its weights are of whole or complex numbers, NaN or infinite; or it is known to have
            another head_dim, which its shapes do not show.
        TypeError: ``allow_new`` is one string.
        ValueError: a part in ``allow_new`` that there is not.
    """
    if isinstance(allow_new, str):
        raise TypeError(f'allow_new is a sequence of parts, got {allow_new!r}')
    if unknown := set(allow_new) - set(NEW_PARTS):
        raise ValueError(f'allow_new {sorted(unknown)} are none of {tuple(NEW_PARTS)}')
    try:
        checkpoint = read_checkpoint(source)
        state, other_parts = backbone_state(checkpoint, prefix)
        wanted = net.state_dict()
        check_kinds({key: state[key] for key in wanted if key in state})
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f'{source} cannot be used: {error}') from error
    state, inflated = _inflate_where_needed(state, wanted, inflation)
    parts = tuple(NEW_PARTS) if inflated else tuple(allow_new)
    report = account(
        str(source), state, wanted, inflated,
        may_be_new=lambda key: may_be_new(key, parts), is_head=is_head, other_parts=other_parts,
    )  # fmt: skip
    wrong = reshaped(state, wanted)
    foreign = [key for key in report.unused if key.startswith(_STAGES)]
    if wrong or foreign or report.coverage < MIN_COVERAGE:
        expected = {key: value for key, value in wanted.items() if key not in report.new}
        cause = likely_cause(state, expected)
        raise CheckpointError(refusal(report, cause, state, wrong, foreign, MIN_COVERAGE))
    doubt = check_head_dim(net, local(source), checkpoint, state)
    net.load_state_dict(converted(str(source), state, wanted), strict=False)
    return replace(report, doubt=doubt)


def _inflate_where_needed(
    state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], how: str
) -> tuple[dict[str, Tensor], list[str]]:
    result, inflated = dict(state), []
    for key, value in state.items():
        if key in wanted and value.ndim == 4 and wanted[key].ndim == 5:
            result[key] = inflate(value, wanted[key].shape[2], how)
            inflated.append(key)
    return result, inflated
