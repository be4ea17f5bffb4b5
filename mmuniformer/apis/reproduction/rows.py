"""What is measured for a row: what it costs, how long it takes, what it reaches."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from _complexity_models import TOOLBOXES
from complexity import measure
from mmengine.config import Config

from .accuracy import (
    METRICS,
    MULTI_SCALE,
    find_checkpoint,
    in_percent,
    key_of_checkpoint,
    missing_data,
    run_test,
)
from .latency import RUNS, describe_device, measure_latency
from .published import ROOT, Row
from .results import Results, hash_of_config, hash_of_files

ACCURACY = 'accuracy'  # where nothing is published that would name a metric


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    checkpoints: Path | None
    runs: Path  # folder of the Runner's logs
    latency: bool
    latency_shape: tuple[int, ...] | None
    device: str


@dataclass
class Measured:
    """Our numbers of a row; in place of those that are missing, the reason."""

    parameters: int
    flops: int
    latency: float | str  # milliseconds
    metrics: dict[str, float | str] = field(default_factory=dict)  # percent


def measure_row(row: Row, path: Path, results: Results, options: Options) -> Measured:
    """Measure a row, or take from the results what was measured and still holds."""
    config = Config.fromfile(path)
    key = {'config': hash_of_config(config)}
    cost = results.measure(
        row.config, 'cost', {**key, 'code': hash_of_code()}, lambda: measure(config.copy())
    )
    latency = measure_time(row, config, key, results, options)
    found = Measured(cost['parameters'], cost['flops'], latency)
    for tta in (False, True):
        wanted = [name for name in row.metrics if name.startswith(MULTI_SCALE) is tta]
        if wanted or (not row.metrics and not tta):
            tested = measure_accuracy(row, config, tta, key, results, options)
            found.metrics.update(pick(tested, wanted))
    return found


def pick(tested: dict | str, wanted: list[str]) -> dict[str, float | str]:
    """Give the metrics that are ``wanted``, or without any those there are; or the reason."""
    if isinstance(tested, str):
        return dict.fromkeys(wanted or [ACCURACY], tested)
    values = {metric: in_percent(tested, metric) for metric in wanted or METRICS}
    if wanted:
        return {m: 'not measured' if value is None else value for m, value in values.items()}
    return {metric: value for metric, value in values.items() if value is not None}


def measure_time(
    row: Row, config: Config, key: dict, results: Results, options: Options
) -> float | str:
    if not options.latency:
        return 'not run'
    shape = options.latency_shape or TOOLBOXES[config.default_scope].shape(config)
    device = describe_device(options.device)
    key = {**key, 'device': device, 'shape': list(shape), 'runs': RUNS}
    return results.measure(
        row.config, 'latency', key, lambda: measure_latency(config.copy(), shape, options.device)
    )


def measure_accuracy(
    row: Row, config: Config, tta: bool, key: dict, results: Results, options: Options
) -> dict | str:
    """Test a row; give the metrics of its Runner, or why there are none."""
    if tta and not ('tta_model' in config and 'tta_pipeline' in config):
        return 'no tta_pipeline'
    checkpoint = find_checkpoint(options.checkpoints, row.config)
    if checkpoint is None:
        return 'no checkpoint'
    if lost := missing_data(config):
        print(f'{row.config}: {lost}', file=sys.stderr)
        return 'no data'
    title = f'{row.config}{", several scales" if tta else ""}'
    try:
        return results.measure(
            row.config,
            'multi-scale test' if tta else 'test',
            {**key, **key_of_checkpoint(checkpoint)},
            lambda: run_test(config, checkpoint, options.runs / row.config, title, tta),
        )
    except ValueError as error:
        print(f'{row.config}: {error}', file=sys.stderr)
        return 'checkpoint does not fit'


def hash_of_code() -> str:
    """Hash all that the count of parameters and FLOPs depends on, save the toolboxes."""
    tools = [ROOT / 'tools' / name for name in ('complexity.py', '_complexity_models.py')]
    return hash_of_files([*tools, *(ROOT / 'mmuniformer').rglob('*.py')])
