"""UniFormerV2's sizes and accuracies: configs, their page and metafile against what is printed."""

import functools
import re

import pytest
import torch
import yaml
from video_v2 import DATASETS, MODEL_NAMES, V2, parse, recipe

from configs import CONFIGS, load
from mmuniformer.apis.cost import complexity
from mmuniformer.apis.reproduction import published

pytest.importorskip('mmaction')

ERRATA = {
    (erratum['model'], erratum['frames']): erratum for erratum in published.read_errata('errata_v2')
}


def path_of(row: dict) -> str:
    """The config of a row of mmaction2's table."""
    arch = {name: arch for arch, name in MODEL_NAMES.items()}[row['model'].rstrip('*')]
    data = {name: data for data, name in DATASETS.items()}[row['dataset']]
    pre = '_k710_pre' if 'kinetics710' in row['variant'] else ''
    return f'uniformerv2_{arch}_{row["input_size"].split()[0]}_{data}{pre}'


def printed_sizes() -> list[tuple[str, str, str]]:
    """Config, millions of parameters and GFLOPs of every row of mmaction2's table."""
    rows = [row for row in published.read_numbers() if row['flops_G']]
    rows = [row for row in rows if row['source'] == 'README mmaction2 uniformerv2']
    return sorted({(path_of(row), row['params_M'], row['flops_G']) for row in rows})


@functools.cache
def flops_of_a_view(arch: str, frames: int) -> float:
    """GFLOPs; the classifier, 0.02 % of them and less, is that of Kinetics-400."""
    pre = '' if arch == 'b16' else '_k710_pre'
    frozen = '_frozen' if (arch, frames) == ('l14_336', 8) else ''
    config = load(CONFIGS / 'video' / f'uniformerv2_{arch}_{frames}_k400{pre}{frozen}.py')
    with torch.device('meta'):
        return complexity(config).flops / 1e9


@pytest.mark.parametrize(('config', 'millions', 'printed'), printed_sizes())
def test_printed_sizes_are_ours_or_an_erratum_says_why_not(config, millions, printed):
    path = CONFIGS / 'video' / f'{config}.py'
    *_, parameters = recipe(path)
    assert parameters / 1e6 == pytest.approx(float(millions), rel=0.01)
    name = parse(path)
    arch, frames = name['arch'], int(name['frames'])
    ours = flops_of_a_view(arch, frames)
    erratum = ERRATA.get((MODEL_NAMES[arch], frames))
    assert f'{ours:.1f}'.removesuffix('.0') + ' G FLOPs a view' in ' '.join(
        path.read_text().split()
    )
    if erratum is None:
        assert ours == pytest.approx(float(printed), rel=0.02)
        return
    assert erratum['published'] == printed and erratum['why']
    assert ours == pytest.approx(erratum['ours'], rel=1e-4)
    assert ours != pytest.approx(float(printed), rel=0.02)
    assert round(ours, -2) == float(printed)  # tenths of a trillion


def test_every_row_of_the_model_zoo_is_expected_by_a_config():
    rows = [row for row in published.read_numbers() if row['source'] == 'MODEL_ZOO UniFormerV2']
    printed = set()
    for row in rows:
        frames, *views = re.split(r'x| ', row['input_size'])
        frozen = row['variant'].startswith('frozen') or row['model'].startswith('Frozen')
        model = row['model'].removeprefix('Frozen ')
        value = None if row['value'] == 'not published' else float(row['value'])
        views = None if value is None else tuple(map(int, views))
        pre = 'K710' in row['variant']
        printed.add((row['dataset'], model, int(frames), views, frozen, pre, value))
    ours = set()
    for path in V2:
        name, header = parse(path), path.read_text().split('"""')[1]
        found = re.search(r'top-1 (\d+\.\d)', ' '.join(header.split()))
        *_, crops, clips, _, _ = recipe(path)
        ours.add((
            DATASETS[name['data']], MODEL_NAMES[name['arch']], int(name['frames']),
            (crops, clips) if found else None, bool(name['frozen']), bool(name['pre']),
            float(found[1]) if found else None,
        ))  # fmt: skip
    assert ours == printed and len(printed) == 49


def test_metafile_and_page_say_what_the_headers_say():
    folder = CONFIGS / 'video'
    entries = yaml.safe_load((folder / 'metafile_v2.yml').read_text())['Models']
    lines = (folder / 'README_V2.md').read_text().splitlines()
    assert sorted(entry['Config'] for entry in entries) == [f'configs/video/{p.name}' for p in V2]
    for entry in entries:
        path = CONFIGS.parent / entry['Config']
        assert entry['Name'] == path.stem
        *_, parameters = recipe(path)
        assert entry['Metadata']['Parameters'] == parameters
        assert (entry['Metadata']['Epochs'], entry['Metadata']['Batch Size']) == (
            recipe(path)[0],
            recipe(path)[2],
        )
        (line,) = [line for line in lines if f']({path.name})' in line]
        header = ' '.join(path.read_text().split('"""')[1].split())
        found = re.search(r'top-1 (\d+\.\d)', header)
        if found:
            assert entry['Results'][0]['Metrics']['Top 1 Accuracy'] == float(found[1])
        assert f'| {found[1] if found else "–"} |' in line
        assert f'| {parameters / 1e6:.2f} M |' in line
        assert re.search(r'([\d.]+) G FLOPs a view', header)[1] in line
