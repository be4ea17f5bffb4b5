"""Measure a row of a table: cost, latency and accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mmengine.config import Config

from ..cost import complexity
from ..timing import ROUNDS, describe_device, latency
from ..toolbox import find_toolbox
from .accuracy import (
    METRICS,
    MULTI_SCALE,
    find_checkpoint,
    find_metric,
    find_missing_data,
    make_checkpoint_key,
    run_test,
)
from .published import Row
from .results import Results, hash_of_code, hash_of_config

ACCURACY = 'accuracy'  # metric of rows without a published one


@dataclass(frozen=True)
class Options:
    """Options: what to measure besides parameters and FLOPs, and where.

    Attributes:
        runs: folder of the Runner's logs.
        notify: called with the reason if an accuracy cannot be measured.
    """

    checkpoints: Path | None
    runs: Path
    latency: bool
    latency_shape: tuple[int, ...] | None
    device: str
    notify: Callable[[str], object] = print


@dataclass
class Measured:
    """Measured numbers of a row, or the reason why one is missing."""

    parameters: int
    flops: int
    latency: float | str  # milliseconds
    metrics: dict[str, float | str] = field(default_factory=dict)  # percent


def measure_row(row: Row, path: Path, results: Results, options: Options) -> Measured:
    """Measure a row, except for results that are still valid."""
    config = Config.fromfile(path)
    key = {'config': hash_of_config(config)}
    cost = results.measure(
        row.config, 'cost', {**key, 'code': hash_of_code()},
        lambda: asdict(complexity(config.copy())),
    )  # fmt: skip
    time = measure_latency(row, config, key, results, options)
    measured = Measured(cost['parameters'], cost['flops'], time)
    for tta in (False, True):
        wanted = [name for name in row.metrics if name.startswith(MULTI_SCALE) is tta]
        if wanted or (not row.metrics and not tta):
            tested = measure_accuracy(row, config, tta, key, results, options)
            measured.metrics.update(_select(tested, wanted))
    return measured


def _select(tested: dict | str, wanted: list[str]) -> dict[str, float | str]:
    """Return the ``wanted`` metrics, all if there are none, or the reason."""
    if isinstance(tested, str):
        return dict.fromkeys(wanted or [ACCURACY], tested)
    values = {metric: find_metric(tested, metric) for metric in wanted or METRICS}
    if wanted:
        return {m: 'not measured' if value is None else value for m, value in values.items()}
    return {metric: value for metric, value in values.items() if value is not None}


def measure_latency(
    row: Row, config: Config, key: dict, results: Results, options: Options
) -> float | str:
    """Time a forward pass; return milliseconds, or the reason for a failure."""
    if not options.latency:
        return 'not run'
    shape = options.latency_shape or find_toolbox(config).table_shape(config)
    device = describe_device(options.device)
    key = {**key, 'device': device, 'shape': list(shape), 'runs': ROUNDS}
    return results.measure(
        row.config, 'latency', key,
        lambda: latency(config.copy(), shape, device=options.device) * 1000,
    )  # fmt: skip


def measure_accuracy(
    row: Row, config: Config, tta: bool, key: dict, results: Results, options: Options
) -> dict | str:
    """Test a row; return the metrics of its Runner, or the reason for a failure."""
    if tta and not ('tta_model' in config and 'tta_pipeline' in config):
        return 'no tta_pipeline'
    checkpoint = find_checkpoint(options.checkpoints, row.config)
    if checkpoint is None:
        return 'no checkpoint'
    if missing := find_missing_data(config):
        options.notify(f'{row.config}: {missing}')
        return 'no data'
    title = f'{row.config}{", several scales" if tta else ""}'
    try:
        return results.measure(
            row.config,
            'multi-scale test' if tta else 'test',
            {**key, **make_checkpoint_key(checkpoint)},
            lambda: run_test(config, checkpoint, options.runs / row.config, title, tta),
        )
    except ValueError as error:
        options.notify(f'{row.config}: {error}')
        return 'checkpoint does not fit'
