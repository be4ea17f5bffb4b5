"""Paper beside ours: in the terminal, in Markdown and in CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from .measure import ACCURACY, Measured
from .published import Row, errata_of

# Those that fit into a terminal; the files have all.
HEADLINES = ('box_AP', 'mask_AP', 'mIoU', 'ms_mIoU', 'AP', 'AR', ACCURACY)
UNITS = {'parameters': 'M', 'FLOPs': 'G', 'latency': 'ms'}
CSV_COLUMNS = ('table', 'config', 'quantity', 'unit', 'paper', 'ours', 'source')
NOT_PRINTED = '–'
NOT_RUN = 'not run'


@dataclass
class Section:
    """A table with what was measured of it so far, row by row."""

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


def number(value: float | str, digits: int) -> str:
    return value if isinstance(value, str) else f'{value:.{digits}f}'


def quantities(
    row: Row, measured: Measured | None, metrics: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Give quantity → what the paper prints and what is ours, as text.

    Metrics of other rows, which this one does not have, are empty.
    """
    paper = {'parameters': row.params_M, 'FLOPs': row.flops_G, **row.metrics}
    ours = dict.fromkeys(('parameters', 'FLOPs', 'latency', *row.metrics), NOT_RUN)
    if measured is not None:
        ours = {
            'parameters': number(measured.parameters / 1e6, 2),
            'FLOPs': number(measured.flops / 1e9, 2),
            'latency': number(measured.latency, 0),
            **{metric: number(value, 1) for metric, value in measured.metrics.items()},
        }
    cells = {name: (paper.get(name) or NOT_PRINTED, text) for name, text in ours.items()}
    return {name: cells.get(name, ('', '')) for name in (*UNITS, *metrics)}


def notes_of(section: Section) -> list[str]:
    notes = []
    for row in section.rows:
        for item in errata_of(row):
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
        cells = quantities(row, measured, metrics)
        pairs = ['\n'.join(cells[name]) for name in names]
        table.add_row(row.config, 'paper\nours', *pairs)
    console.print(table)
    for note in notes_of(section):
        console.print(note, soft_wrap=True, highlight=False)


def markdown(section: Section, figures: Sequence[Path]) -> str:
    metrics = section.metrics()
    header = ['config', 'parameters / M', 'ours', 'FLOPs / G', 'ours', 'latency / ms']
    header += [word for metric in metrics for word in (metric, 'ours')]
    lines = [f'## {section.name}: {section.title}', '', table_line(header)]
    lines.append(table_line(['---', *['---:'] * (len(header) - 1)]))
    for row, measured in section.pairs():
        cells = quantities(row, measured, metrics)
        latency = cells.pop('latency')[1]
        words = [word for pair in cells.values() for word in pair]
        lines.append(table_line([row.config, *words[:4], latency, *words[4:]]))
    for note in notes_of(section):
        lines += ['', note]
    for figure in figures:
        lines += ['', f'![{section.title}]({figure.name})']
    return '\n'.join([*lines, ''])


def table_line(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'


def write_csv(sections: Sequence[Section], path: Path) -> None:
    """Write a line per quantity, so that tables with different metrics share the columns."""
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(CSV_COLUMNS)
        for section in sections:
            for row, measured in section.pairs():
                cells = quantities(row, measured, section.metrics())
                for name, (paper, ours) in cells.items():
                    if not ours:
                        continue
                    unit = UNITS.get(name, '%')
                    line = [section.name, row.config, name, unit, paper, ours, row.source]
                    writer.writerow(line)
