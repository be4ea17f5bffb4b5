"""The published numbers, and which config stands for which row of which table.

The numbers are those of ``tests/data/tables.csv``: one line per metric, with the source it is
printed in. ``tests/data/errata.yaml`` names those that are wrong, and why.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs'
NUMBERS = ROOT / 'tests' / 'data' / 'tables.csv'
ERRATA = ROOT / 'tests' / 'data' / 'errata.yaml'


@dataclass(frozen=True)
class Table:
    """A table of the paper: what it is about, and which lines of ``tables.csv`` are it."""

    title: str
    source: str
    framework: str | None = None
    light: bool = False


# The paper's text at hand lacks Tables 5, 8 and 9; the official README prints the same rows, and
# those of the light models, which are in no table of the paper.
TABLES = {
    'table5': Table('Mask R-CNN on COCO', 'README object_detection', 'Mask R-CNN'),
    'table6': Table('Cascade Mask R-CNN on COCO', 'paper Table 6'),
    'table7': Table('Semantic FPN on ADE20K', 'paper Table 7'),
    'table8': Table('Pose estimation on COCO', 'README pose_estimation'),
    'table9': Table('UPerNet on ADE20K', 'README semantic_segmentation', 'UperNet'),
    'table15': Table('Attention of stage 3 in detection', 'paper Table 15'),
    'table16': Table('Attention of stage 3 in segmentation', 'paper Table 16'),
    'table17': Table('Attention of stage 3 in pose estimation', 'paper Table 17'),
    'light_det': Table(
        'Light Mask R-CNN on COCO', 'README object_detection', 'Mask R-CNN', light=True
    ),
    'light_seg': Table(
        'Light Semantic FPN on ADE20K', 'README semantic_segmentation', 'Semantic FPN', light=True
    ),
}

METHODS = {
    'Mask R-CNN': 'mask_rcnn',
    'Cascade Mask R-CNN': 'cascade_mask_rcnn',
    'Semantic FPN': 'fpn',
    'UperNet': 'upernet',
    'Top-Down': 'td_hm',
    'Top-Down (mmpose)': 'td_hm',
}
LIGHT = ('xxs', 'xs')
# Quantities that tables.csv has in columns of their own; sections of text have them as metrics.
COST = ('params_M', 'flops_G')


@dataclass
class Row:
    """A row of a table, in the words in which it is printed; '' is what is not printed."""

    config: str
    source: str
    params_M: str = ''  # noqa: N815
    flops_G: str = ''  # noqa: N815
    metrics: dict[str, str] = field(default_factory=dict)


def config_of(line: dict[str, str]) -> str | None:
    """Name the config that a line of ``tables.csv`` is about; None where there is none yet."""
    method = METHODS.get(line['framework'])
    if method is None:
        return None
    size, _, pattern = line['model'].removeprefix('UniFormer-').lower().partition('_')
    name = f'{method}_uniformer_{size}'
    if not pattern and line['variant'] != '-':
        pattern = line['variant'].lower().replace('-', '')
    pattern = {'': 'g', 'global': 'g'}.get(pattern, pattern)
    schedule = line['schedule'].lower().replace('+', '_')
    if size in LIGHT:
        return f'{name}_{schedule}'
    if line['task'] == 'semantic_segmentation':
        return f'{name}_{name_of_segmentation(pattern, schedule)}'
    if line['task'] == 'pose_estimation':
        return '_'.join([name, *([] if pattern == 'g' else [pattern]), line['input_size']])
    return f'{name}_{pattern}_{schedule}'


def name_of_segmentation(pattern: str, schedule: str) -> str:
    """Windows of 32 are for testing alone, with the weights of global training."""
    if pattern in ('w32', 'h32'):
        return f'g_{schedule}_test_{pattern}'
    return f'{pattern}_{schedule}'


def read_numbers() -> Iterator[dict[str, str]]:
    if not NUMBERS.is_file():
        raise FileNotFoundError(
            f'{NUMBERS} holds the published numbers and is missing; run this in a full checkout'
        )
    with NUMBERS.open(newline='', encoding='utf-8') as file:
        yield from csv.DictReader(file)


def published_rows() -> list[Row]:
    """Give every printed row of a config, source by source."""
    rows: dict[tuple[str, str], Row] = {}
    for line in read_numbers():
        config = config_of(line)
        if config is None:
            continue
        row = rows.setdefault((config, line['source']), Row(config, line['source']))
        for name in COST:
            setattr(row, name, line[name] or getattr(row, name))
        if line['metric'] not in COST:
            # The official README heads the columns AP_M and AP_L with AR_M and AR_L.
            metric = line['metric'].removesuffix(')').rpartition('(')[2]
            row.metrics[metric] = line['value']
    return list(rows.values())


def rows_of(table: str) -> list[Row]:
    """Give the rows of a table for which there is a config."""
    wanted = TABLES[table]
    methods = METHODS.values() if wanted.framework is None else [METHODS[wanted.framework]]
    return [
        row
        for row in published_rows()
        if row.source == wanted.source
        and row.config.partition('_uniformer_')[0] in methods
        and is_light(row.config) is wanted.light
        and find_config(row.config) is not None
    ]


def is_light(config: str) -> bool:
    return config.partition('_uniformer_')[2].partition('_')[0] in LIGHT


def find_config(name: str) -> Path | None:
    """Find a config by its name, which is unique in the tree."""
    return next(CONFIGS.glob(f'[!_]*/{name}.py'), None)


def errata() -> list[dict]:
    """Give the wrong numbers: configs, sources, column, published, ours, why."""
    return yaml.safe_load(ERRATA.read_text(encoding='utf-8')) if ERRATA.is_file() else []


def errata_of(row: Row) -> list[dict]:
    return [
        item for item in errata() if row.config == item['config'] and row.source in item['sources']
    ]
