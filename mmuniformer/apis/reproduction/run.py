"""Measure tables of the paper row by row and write a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ..configs import find_config, list_configs
from ..timing import check_device, describe_device
from . import figures, report
from .published import TABLES, Row, find_rows
from .report import Section
from .results import Results, hash_of_code
from .rows import ACCURACY, Options, measure_row


def reproduce(
    tables: Sequence[str] = (),
    configs: Sequence[str | Path] = (),
    *,
    checkpoints: str | Path | None = None,
    out: str | Path = 'work_dirs/reproduce',
    latency: bool = True,
    latency_shape: Sequence[int] | None = None,
    device: str = 'cpu',
    on_row: Callable[[Section, int], object] = lambda section, number: None,
    on_section: Callable[[Section], object] = lambda section: None,
    notify: Callable[[str], object] = print,
) -> list[Section]:
    """Measure tables of the paper: parameters, FLOPs, latency, and accuracy if possible.

    Accuracy is measured for configs whose checkpoint and data set exist. Each number is saved
    immediately to ``out/results.json`` and reused as long as config and checkpoint do not change. A
    report with figures is written to ``out``, even after an interruption.

    Args:
        tables: names in ``TABLES``, ``'all'`` for all of them, or ``'mini'`` for the mini models.
        configs: other configs, by path or name.
        checkpoints: folder in which the checkpoint of a config NAME is NAME.pth, or the best or
            last one in the folder NAME.
        latency: whether to measure latency.
        latency_shape: ``(H, W)`` of the input, ``(T, H, W)`` for video; default: as in the tables.
        device: device for the latency.
        on_row: called before each row with its table and its 1-based number.
        on_section: called after each table.
        notify: called with the reason if an accuracy cannot be measured.

    Example:
        >>> table, = reproduce(configs=['mask_rcnn_uniformer_xxs_1x'], latency=False)
        >>> f'{table.measured[0].parameters / 1e6:.1f} M'
        '29.4 M'

    Raises:
        FileNotFoundError: a config or folder does not exist.
        ValueError: no table or an unknown one is given, or the shape or device is invalid.
    """
    check_device(device)
    out = Path(out)
    if latency_shape is not None and len(latency_shape) not in (2, 3):
        raise ValueError(f'the latency shape {[*latency_shape]} is not H W, or T H W for video')
    if checkpoints is not None and not Path(checkpoints).is_dir():
        raise FileNotFoundError(f'the folder of checkpoints {checkpoints} does not exist')
    options = Options(
        checkpoints=None if checkpoints is None else Path(checkpoints),
        runs=out / 'runs',
        latency=latency,
        latency_shape=None if latency_shape is None else tuple(latency_shape),
        device=device,
        notify=notify,
    )
    files = {**list_configs(), **{Path(name).stem: find_config(name) for name in configs}}
    sections = make_sections(tables, [Path(name).stem for name in configs])
    results = Results(out / 'results.json')
    try:
        for section in sections:
            for number, row in enumerate(section.rows, start=1):
                on_row(section, number)
                section.measured.append(measure_row(row, files[row.config], results, options))
            on_section(section)
        if any(section.name in TABLES for section in sections):
            _draw_resolutions(out, results)
    finally:
        write_report(out, sections, options)
    return sections


def make_sections(tables: Sequence[str], configs: Sequence[str]) -> list[Section]:
    """Return the tables with these names, and one for ``configs``, without measurements.

    Raises:
        ValueError: a name is unknown, or no table is given.
    """
    if not tables and not configs:
        raise ValueError(f'name a table: {", ".join(TABLES)}, all or mini')
    names: list[str] = []
    for name in tables:
        name = f'table{name}' if name.isdigit() else name
        if name not in (*TABLES, 'all', 'mini'):
            raise ValueError(
                f'{name!r} is no table of dense prediction; there are {", ".join(TABLES)}, all '
                'and mini'
            )
        names += TABLES if name == 'all' else [name]
    sections = []
    for name in dict.fromkeys(names):
        if name == 'mini':
            found = sorted(stem for stem in list_configs() if stem.startswith('mini_'))
            sections.append(Section(name, 'models on mini data', _unpublished(found)))
        else:
            sections.append(Section(name, TABLES[name].title, find_rows(name)))
    if configs:
        sections.append(Section('configs', 'configs without a table', _unpublished(configs)))
    return sections


def _unpublished(configs: Sequence[str]) -> list[Row]:
    return [Row(config, '') for config in configs]


def _draw_resolutions(out: Path, results: Results) -> None:
    rows = results.measure(
        'figure', 'resolutions', {'code': hash_of_code()}, figures.count_resolutions
    )
    figures.draw_resolutions(rows, out / 'flops_resolution.png')


def write_report(out: Path, sections: Sequence[Section], options: Options) -> None:
    """Write ``report.md``, ``report.csv`` and figures of accuracy over FLOPs."""
    out.mkdir(parents=True, exist_ok=True)
    parts = ['# Paper and ours', '']
    if options.latency:
        shape = options.latency_shape and '×'.join(map(str, options.latency_shape))
        parts += [
            f'Latency of one input, {shape or "the resolution of the table"}: '
            f'median on {describe_device(options.device)}.',
            '',
        ]
    draw = partial(_draw_accuracy, out=out)
    parts += [report.make_markdown(section, draw(section)) for section in sections]
    if (out / 'flops_resolution.png').exists():
        parts.append('## FLOPs against resolution\n\n![FLOPs](flops_resolution.png)\n')
    (out / 'report.md').write_text('\n'.join(parts), encoding='utf-8')
    report.write_csv(sections, out / 'report.csv')


def _draw_accuracy(section: Section, out: Path) -> list[Path]:
    """Plot measured accuracies, or the published ones of rows without."""
    metric = next((name for name in section.metrics() if name != ACCURACY), '')
    points = []
    for row, measured in zip(section.rows, section.measured, strict=False):
        own = measured.metrics.get(metric)
        value = own if isinstance(own, float) else row.metrics.get(metric)
        if value is not None:
            flops = measured.flops / 1e9
            points.append(figures.Point(row.config, flops, float(value), isinstance(own, float)))
    if not points:
        return []
    path = out / f'accuracy_{section.name}.png'
    figures.draw_accuracy(points, metric, section.title, path)
    return [path]
