"""Loading published weights into a net, with every parameter accounted for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from torch import nn

from .diagnose import likely_cause
from .fit import fit
from .head_dim import check_head_dim
from .read import Checkpoint, read
from .rename import rename
from .report import (
    CheckpointError,
    LoadReport,
    build_report,
    error_message,
    is_refused,
    shape_mismatches,
)
from .rules import Rules, uniformer_rules, v2_rules
from .unwrap import unwrap
from .validate import cast_like, check_dtypes


def load(net: nn.Module, source: str | Path | Checkpoint, rules: Rules) -> LoadReport:
    """Load a file into ``net``, or refuse it and leave ``net`` untouched.

    Args:
        source: path, URL or released name, or a file that was read already.
        rules: what the file may lack and may hold beyond the net.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is damaged or does not belong to the net; its weights are not
            floating-point numbers, NaN or infinite; or it is known to have another head_dim.
    """
    checkpoint = read(source)
    wanted = net.state_dict()
    with _naming_the_file(checkpoint.source, rules.advice):
        tensors = unwrap(checkpoint.content)
        state = rename(tensors, wanted, rules.names)
        check_dtypes({key: state.tensors[key] for key in wanted if key in state.tensors})
        fit(state, wanted, rules)
    report = build_report(checkpoint.source, state, wanted, rules)
    mismatches = shape_mismatches(state.tensors, wanted)
    if is_refused(report, mismatches, rules):
        cause = likely_cause(
            {key: value for key, value in state.tensors.items() if key not in report.heads},
            {key: value for key, value in wanted.items() if key not in report.initialized},
        )
        raise CheckpointError(error_message(report, cause, [*tensors][:5], mismatches, rules))
    warning = check_head_dim(net, checkpoint, state.tensors)
    net.load_state_dict(cast_like(checkpoint.source, state.tensors, wanted), strict=False)
    return replace(report, warning=warning)


@contextmanager
def _naming_the_file(source: str, advice: str) -> Iterator[None]:
    try:
        yield
    except CheckpointError:
        raise
    except ValueError as error:
        text = f'{source} cannot be used: {error}'
        raise CheckpointError(f'{text}; {advice}' if advice else text) from error
    except (IndexError, TypeError, RuntimeError) as error:
        raise CheckpointError(
            f'{source} cannot be used: a tensor in it has a shape that it has in no such net: '
            f'{error}'
        ) from error


def load_backbone(
    net: nn.Module,
    source: str | Path | Checkpoint,
    *,
    prefix: str | None = None,
    inflation: str = 'average',
    allow_new: Sequence[str] = (),
) -> LoadReport:
    """Load any published file of the UniFormer family into a UniFormer, or refuse it.

    Args:
        source: path, URL or released name.
        prefix: of the backbone's keys in the file; ``backbone.`` is found without it.
        inflation: of 2D weights in a 3D net, ``'average'`` or ``'center'``.
        allow_new: parts of blocks that the file may lack and that keep their values in ``net``:
            ``'layer_scale'``, ``'temporal_attention'`` (of divided attention). Both are allowed
            whenever 2D weights are inflated.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: see :func:`load`; or the file covers less than 95 % of ``net``.
        TypeError: ``allow_new`` is one string.
        ValueError: ``allow_new`` or ``inflation`` is unknown.
    """
    return load(net, source, uniformer_rules(prefix, inflation, allow_new))


def load_v2(
    net: nn.Module,
    source: str | Path | Checkpoint,
    *,
    prefix: str | None = None,
    inflation: str = 'center',
) -> LoadReport:
    """Load a file of UniFormerV2 or of an image ViT into a UniFormerV2, or refuse it.

    Args:
        source: path, URL or released name; the formats of ViTs are those of :mod:`.vit_keys`.
        prefix: of the backbone's keys in the file; ``backbone.`` is found without it.
        inflation: of a patch convolution without time, ``'center'`` as published, or ``'average'``.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: see :func:`load`; or the file does not cover all of ``net``.
        ValueError: ``inflation`` is unknown.
    """
    return load(net, source, v2_rules(net.state_dict().keys(), prefix, inflation))
