"""The published numbers, and the config of each row of each table.

The numbers are in ``data/tables.csv``, one line per metric with its source. ``data/errata.yaml``
lists the wrong ones with reasons, ``data/errata_v2.yaml`` those of UniFormerV2.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ..configs import list_configs

DATA = Path(__file__).parent / 'data'


@dataclass(frozen=True)
class Table:
    """A table of the paper: its subject and its lines of ``tables.csv``."""

    title: str
    source: str
    framework: str | None = None
    light: bool = False


# Tables 5, 8 and 9 are from the official README, which prints the same rows, and those of the light
# models, which are in no table of the paper.
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
    """A row of a table as printed; '' for numbers that are not printed."""

    config: str
    source: str
    params_M: str = ''  # noqa: N815
    flops_G: str = ''  # noqa: N815
    metrics: dict[str, str] = field(default_factory=dict)


def name_config(line: dict[str, str]) -> str | None:
    """Return the name of the config of a line of ``tables.csv``, or None."""
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
        return f'{name}_{_name_segmentation(pattern, schedule)}'
    if line['task'] == 'pose_estimation':
        return '_'.join([name, *([] if pattern == 'g' else [pattern]), line['input_size']])
    return f'{name}_{pattern}_{schedule}'


def _name_segmentation(pattern: str, schedule: str) -> str:
    """Windows of 32 are used in testing only, with weights trained with global attention."""
    if pattern in ('w32', 'h32'):
        return f'g_{schedule}_test_{pattern}'
    return f'{pattern}_{schedule}'


def read_numbers() -> Iterator[dict[str, str]]:
    """Yield the lines of ``tables.csv``."""
    with (DATA / 'tables.csv').open(newline='', encoding='utf-8') as file:
        yield from csv.DictReader(file)


def read_rows() -> list[Row]:
    """Return all printed rows of a config, by source."""
    rows: dict[tuple[str, str], Row] = {}
    for line in read_numbers():
        config = name_config(line)
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


def find_rows(table: str) -> list[Row]:
    """Return the rows of a table that have a config."""
    wanted = TABLES[table]
    configs = list_configs()
    methods = METHODS.values() if wanted.framework is None else [METHODS[wanted.framework]]
    return [
        row
        for row in read_rows()
        if row.source == wanted.source
        and row.config.partition('_uniformer_')[0] in methods
        and is_light(row.config) is wanted.light
        and row.config in configs
    ]


def is_light(config: str) -> bool:
    return config.partition('_uniformer_')[2].partition('_')[0] in LIGHT


def read_errata(name: str = 'errata') -> list[dict]:
    """Return the wrong numbers: config, sources, column, published, ours, why."""
    return yaml.safe_load((DATA / f'{name}.yaml').read_text(encoding='utf-8'))


def find_errata(row: Row) -> list[dict]:
    return [
        item
        for item in read_errata()
        if row.config == item['config'] and row.source in item['sources']
    ]
