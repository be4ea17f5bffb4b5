"""Parameters and FLOPs of the configs beside every published number that there is of them."""

import functools
import re

import pytest

from configs import configs_of, load, stem
from mmuniformer.apis.configs import find_config, list_configs
from mmuniformer.apis.cost import complexity
from mmuniformer.apis.reproduction import published

for toolbox in ('mmdet', 'mmseg', 'mmpose'):
    pytest.importorskip(toolbox)

TOLERANCE = {'params_M': 0.01, 'flops_G': 0.02}
TASKS = ('det', 'seg', 'pose')
CONFIGS = [path for task in TASKS for path in configs_of(task)]
FULL = [path for path in CONFIGS if not path.stem.startswith('mini_')]
ROWS = [row for row in published.read_rows() if row.config in list_configs()]
ERRATA = published.read_errata()
TABLES = {name: {row.config for row in published.find_rows(name)} for name in published.TABLES}


@functools.cache
def ours(config: str) -> dict[str, float]:
    result = complexity(load(find_config(config)))
    return {'params_M': result.parameters / 1e6, 'flops_G': result.flops / 1e9}


def agrees(value: float, printed: str, tolerance: float) -> bool:
    """Whole millions are coarser than a percent: the same number, once rounded, agrees."""
    decimals = len(printed.partition('.')[2])
    return round(value, decimals) == float(printed) or value == pytest.approx(
        float(printed), rel=tolerance
    )


def row_name(row) -> str:
    return f'{row.config}, {row.source}'


def erratum_name(item: dict) -> str:
    return f'{item["config"]} {item["column"]}'


@pytest.mark.parametrize('row', ROWS, ids=row_name)
def test_a_config_has_the_published_parameters_and_flops(row):
    wrong = {item['column'] for item in published.find_errata(row)}
    for column in {*published.COST} - wrong:
        if printed := getattr(row, column):
            assert agrees(ours(row.config)[column], printed, TOLERANCE[column]), (
                f'{column}: ours {ours(row.config)[column]:.2f}, {row.source} prints {printed}'
            )


@pytest.mark.parametrize('item', ERRATA, ids=erratum_name)
def test_an_erratum_is_exact_and_necessary(item):
    value = ours(item['config'])[item['column']]
    assert value == pytest.approx(item['ours'], rel=0.005)
    assert not agrees(value, item['published'], TOLERANCE[item['column']])
    assert item['why']
    found = {row.source: row for row in ROWS if row.config == item['config']}
    for source in item['sources']:
        assert getattr(found[source], item['column']) == item['published']


def test_every_published_row_of_dense_prediction_has_a_config():
    assert {row.config for row in published.read_rows()} == {row.config for row in ROWS}


def test_the_tables_have_as_many_rows_as_in_the_paper():
    sizes = {name: len(published.find_rows(name)) for name in published.TABLES}
    assert sizes == {
        'table5': 4, 'table6': 2, 'table7': 4, 'table8': 6, 'table9': 8,
        'table15': 6, 'table16': 16, 'table17': 3, 'light_det': 2, 'light_seg': 2,
    }  # fmt: skip


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_a_header_names_tables_in_which_the_config_is(path):
    header = path.read_text().split('"""')[1]
    numbers = re.findall(r'\d+', ''.join(re.findall(r'Tables? [\d, and]+', header.split('.\n')[0])))
    tables = {name for name, members in TABLES.items() if path.stem in members}
    assert {f'table{number}' for number in numbers} <= tables
    assert tables or 'no published number' in header.lower()


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_the_flops_in_a_header_are_published_ones_of_the_config(path):
    header = path.read_text().split('"""')[1]
    for printed in re.findall(r'(\d+(?:\.\d+)?) G FLOPs', header):
        assert printed in {row.flops_G for row in ROWS if row.config == path.stem}
