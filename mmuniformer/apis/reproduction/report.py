"""Reports of published and measured numbers, in the terminal, Markdown and CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from ..tables import markdown_table
from .published import Row, find_errata
from .rows import ACCURACY, Measured

# Metrics printed in the terminal; the files have all.
HEADLINES = ('box_AP', 'mask_AP', 'mIoU', 'ms_mIoU', 'AP', 'AR', ACCURACY)
UNITS = {'parameters': 'M', 'FLOPs': 'G', 'latency': 'ms'}
CSV_COLUMNS = ('table', 'config', 'quantity', 'unit', 'paper', 'ours', 'source')
NOT_PRINTED = '–'
NOT_RUN = 'not run'


@dataclass
class Section:
    """A table with the measurements so far, row by row."""

    name: str
    title: str
    rows: list[Row]
    measured: list[Measured] = field(default_factory=list)

    def pairs(self) -> Iterator[tuple[Row, Measured | None]]:
        for at, row in enumerate(self.rows):
            yield row, self.measured[at] if at < len(self.measured) else None

    def metrics(self) -> list[str]:
        found = [metric for row in self.rows for metric in row.metrics]
        found += [metric for measured in self.measured for metric in measured.metrics]
        return list(dict.fromkeys(found))


def format_number(value: float | str, digits: int) -> str:
    return value if isinstance(value, str) else f'{value:.{digits}f}'


def list_quantities(
    row: Row, measured: Measured | None, metrics: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Return quantity → published and measured number, as text.

    Metrics that only other rows have are empty.
    """
    paper = {'parameters': row.params_M, 'FLOPs': row.flops_G, **row.metrics}
    ours = dict.fromkeys(('parameters', 'FLOPs', 'latency', *row.metrics), NOT_RUN)
    if measured is not None:
        ours = {
            'parameters': format_number(measured.parameters / 1e6, 2),
            'FLOPs': format_number(measured.flops / 1e9, 2),
            'latency': format_number(measured.latency, 0),
            **{metric: format_number(value, 1) for metric, value in measured.metrics.items()},
        }
    cells = {name: (paper.get(name) or NOT_PRINTED, text) for name, text in ours.items()}
    return {name: cells.get(name, ('', '')) for name in (*UNITS, *metrics)}


def make_notes(section: Section) -> list[str]:
    notes = []
    for row in section.rows:
        for item in find_errata(row):
            notes.append(
                f'{row.config}: the printed {item["column"]} of {item["published"]} is wrong, '
                f'{item["why"]}.'
            )
    return notes


def print_section(section: Section, console: Console) -> None:
    """Print two lines for each config."""
    metrics = [metric for metric in section.metrics() if metric in HEADLINES]
    names = (*UNITS, *metrics)
    title = f'{section.name}: {section.title}'
    table = RichTable('config', '', title=title, title_justify='left', box=SIMPLE_HEAD)
    for name in names:
        unit = f' / {UNITS[name]}' if name in UNITS else ''
        table.add_column(f'{name}{unit}', justify='right')
    for row, measured in section.pairs():
        cells = list_quantities(row, measured, metrics)
        pairs = ['\n'.join(cells[name]) for name in names]
        table.add_row(row.config, 'paper\nours', *pairs)
    console.print(table)
    for note in make_notes(section):
        console.print(note, soft_wrap=True, highlight=False)


def make_markdown(section: Section, figures: Sequence[Path]) -> str:
    metrics = section.metrics()
    header = ['config', 'parameters / M', 'ours', 'FLOPs / G', 'ours', 'latency / ms']
    header += [word for metric in metrics for word in (metric, 'ours')]
    rows = [header]
    for row, measured in section.pairs():
        cells = list_quantities(row, measured, metrics)
        latency = cells.pop('latency')[1]
        words = [word for pair in cells.values() for word in pair]
        rows.append([row.config, *words[:4], latency, *words[4:]])
    lines = [f'## {section.name}: {section.title}', '', *markdown_table(rows)]
    for note in make_notes(section):
        lines += ['', note]
    for figure in figures:
        lines += ['', f'![{section.title}]({figure.name})']
    return '\n'.join([*lines, ''])


def write_csv(sections: Sequence[Section], path: Path) -> None:
    """Write a line per quantity, so that tables with different metrics share the columns."""
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(CSV_COLUMNS)
        for section in sections:
            for row, measured in section.pairs():
                cells = list_quantities(row, measured, section.metrics())
                for name, (paper, ours) in cells.items():
                    if not ours:
                        continue
                    unit = UNITS.get(name, '%')
                    line = [section.name, row.config, name, unit, paper, ours, row.source]
                    writer.writerow(line)
