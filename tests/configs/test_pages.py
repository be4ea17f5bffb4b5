"""The numbers in the tables of the pages and in headers are those of metafiles and tables.csv.

What metafiles say is compared with tables.csv in the other files here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from configs import CONFIGS
from mmuniformer.apis.reproduction import published
from mmuniformer.weights import published_files

PAGES = sorted(CONFIGS.glob('*/README*.md'))
ENTRIES = {
    entry['Name']: entry
    for path in sorted(CONFIGS.glob('*/metafile*.yml'))
    for entry in yaml.safe_load(path.read_text())['Models']
}
NONE = ('', '–')
FLOPS = {(line['flops_G'], line['value']) for line in published.read_numbers()}
METRICS = {'top-1': 'Top 1 Accuracy', 'top-5': 'Top 5 Accuracy'}
# Column of a page, and words of a header → metric of tables.csv.
DENSE = {
    'box AP': 'box_AP', 'mask AP': 'mask_AP', 'mIoU': 'mIoU', 'multi-scale mIoU': 'ms_mIoU',
    'AP': 'AP', 'AP50': 'AP50', 'AR': 'AR',
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row of a page about a config: its cells by the heads of their columns."""

    page: str
    config: str
    cells: dict[str, str]


def rows_of(page: Path) -> Iterator[Row]:
    heads: list[str] = []
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')] if line[:1] == '|' else []
        link = re.fullmatch(r'\[.*\]\((\w+)\.py\)', cells[0]) if cells else None
        if link and not link[1].startswith('mini_'):
            yield Row(page.name, link[1], dict(zip(heads, cells, strict=True)))
        elif not link and cells and not set(line) <= set('|-: '):
            heads = cells


ROWS = [row for page in PAGES for row in rows_of(page)]
WITH_NUMBERS = [row for row in ROWS if row.config in ENTRIES]


def name_of(row: Row) -> str:
    return f'{row.page} {row.config}'


def printed(config: str) -> dict[str, set[str]]:
    """Metric → values of all lines of tables.csv about a config of dense prediction."""
    found: dict[str, set[str]] = {}
    for row in published.read_rows():
        for metric, value in row.metrics.items() if row.config == config else ():
            found.setdefault(metric, set()).add(value)
    return found


def header_of(config: str) -> str:
    (path,) = CONFIGS.glob(f'*/{config}.py')
    return ' '.join(path.read_text().split('"""')[1].split())


def agrees(cell: str, exact: float) -> bool:
    """Whether a cell is ``exact`` as rounded there."""
    return round(exact, len(cell.partition('.')[2])) == float(cell)


def test_the_pages_have_a_row_for_every_config_with_a_published_number():
    metrics = {name for name, entry in ENTRIES.items() if entry.get('Results')}
    rows = [row.config for row in ROWS]
    assert len(rows) == len(set(rows))
    assert metrics - set(rows) == set()


@pytest.mark.parametrize('row', WITH_NUMBERS, ids=name_of)
def test_the_accuracies_of_a_page_are_the_published_ones(row):
    results = ENTRIES[row.config].get('Results') or [{}]
    metrics = results[0].get('Metrics', {})
    for column, metric in METRICS.items():
        if (cell := row.cells.get(column, '–')) not in NONE:
            assert float(cell) == metrics[metric], column
        elif column in row.cells:
            assert metric not in metrics, column
    values = printed(row.config)
    for column in DENSE.keys() & row.cells.keys():
        cell = row.cells[column]
        assert cell in values[DENSE[column]] if cell else DENSE[column] not in values, column


@pytest.mark.parametrize('row', WITH_NUMBERS, ids=name_of)
def test_parameters_and_flops_of_a_page_are_those_of_the_metafile(row):
    facts = ENTRIES[row.config]['Metadata']
    if 'parameters' in row.cells:
        number, unit = row.cells['parameters'].split()
        assert unit == 'M' and agrees(number, facts['Parameters'] / 1e6)
    for column in (column for column in row.cells if column.startswith('FLOPs')):
        # Published, or those of a view in UniFormerV2; then ours.
        *first, last = row.cells[column].removesuffix(' G').split(' / ')
        all_views = facts['FLOPs'] / 1e9
        views = round(all_views / float(last)) if column == 'FLOPs, published / ours' else 1
        last_digit = 10 ** -len(last.partition('.')[2])
        ours = pytest.approx(all_views, rel=0.002, abs=0.51 * last_digit * views)
        assert float(last) * views == ours, column
        if first and first[0] not in NONE:
            in_header = f'{first[0]} G FLOPs' in header_of(row.config)
            assert in_header or (first[0], row.cells['top-1']) in FLOPS, column


@pytest.mark.parametrize('config', sorted({row.config for row in published.read_rows()}))
def test_the_accuracies_in_a_header_of_dense_prediction_are_those_of_the_metafile(config):
    text = header_of(config).partition('Expected on ')[2].partition(' M parameters')[0]
    results = {
        metric: value
        for result in ENTRIES[config]['Results']
        for metric, value in result['Metrics'].items()
    }
    names = {'mIoU(ms+flip)': r'(\S+) at several scales', 'AP@0.5': r'AP50 (\S+)'}
    for metric, value in results.items():
        found = re.search(names.get(metric, rf'(?<!\w ){metric} (\d+\.\d+)'), text)
        assert found and float(found[1].rstrip(',')) == value, (metric, text)


def test_the_column_of_mmaction2_is_that_of_its_files():
    files = [row for row in published_files() if row.url and '/mmaction/' in row.url]
    values = {
        row.config: str(row.value)
        for row in files
        if row.backbone == 'UniFormerV2' and row.config and row.value
    }
    cells = {row.config: row.cells.get('mmaction2', '–') for row in ROWS}
    assert {config: cell for config, cell in cells.items() if cell not in NONE} == values
