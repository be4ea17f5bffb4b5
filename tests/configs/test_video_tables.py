"""Every printed row about UniFormer and video has a config, with its numbers, parameters, FLOPs."""

import dataclasses
import functools
import json
import re
from pathlib import Path

import pytest
import yaml

from configs import CONFIGS, configs_of, load, stem
from mmuniformer.apis.cost import Complexity, complexity
from mmuniformer.apis.reproduction import published
from mmuniformer.apis.toolbox import count_views, find_toolbox

pytest.importorskip('mmaction')

VIDEO = CONFIGS / 'video'
OURS = re.compile('(mini_)?(fast_rcnn_)?uniformer_')
CLASSIFIERS = [path for path in configs_of('video') if path.stem.startswith('uniformer_')]
DATA = {
    'Kinetics-400': 'k400', 'Kinetics-600': 'k600', 'Something-Something V1': 'ssv1',
    'Something-Something V2': 'ssv2', 'UCF101 split1': 'ucf101', 'HMDB51 split1': 'hmdb51',
}  # fmt: skip
DEFAULT_VIEWS = {'k': '1x4', 's': '3x1', 'u': '3x5', 'h': '3x5'}  # by first letter of the data
TABLE_10 = {
    'no FFN': 'mobilenet', 'no DPE': 'nodpe', 'size 3': 'k3', 'size 7': 'k7', 'size 9': 'k9',
    'LLLL': 'llll', 'LLLG': 'lllg', 'LGGG': 'lggg', 'GGGG': 'gggg',
}  # fmt: skip
# Those of the released files.
PARAMETERS = {
    's_16x4_k400': 21_400_400, 's_16x4_k600': 21_503_000, 's_16_ssv1_k400_pre': 21_284_462,
    'b_16x4_k400': 49_813_200, 'b_16x4_k600': 49_915_800, 'b_16_ssv1_k400_pre': 49_697_262,
    's_16x4_ucf101': 21_247_013, 'xxs_16_160_k400': 9_833_896, 'xxs_8_160_k400': 9_833_896,
    'xxs_4_128_k400': 9_840_616, 'xs_32_192_k400': 16_099_552,
}  # fmt: skip
# Printed FLOPs that are wrong: config → printed, ours, and why.
ERRATA = {'uniformer_xxs_8_160_k400': ('3.3', 3.22, 'no rounding of 3.22 gives 3.3')}


def config_of(line: dict[str, str]) -> str:
    """Name the config that a line of the tables is about."""
    size, data = line['model'].removeprefix('UniFormer-').lower(), DATA[line['dataset']]
    variant, views = line['variant'], line['input_size']
    pre = re.search(r'pretrain (IN-1K|K400|K600)( \d+x\d+)?', variant) if data[0] == 's' else None
    pre = _pretraining(*pre.groups()) if pre else ''
    if 'Table 10' in line['source']:
        row = next((name for text, name in TABLE_10.items() if text in variant), '')
        ablation = f'_abl_{row}' if row and not variant.startswith('baseline') else ''
        return f'uniformer_{size}{ablation}_16x4_k400_50e'
    if 'Table 11' in line['source']:
        pre = '_k400_pre' if 'K400' in variant else '_in1k_pre'
        return _table_11(line['metric'], variant, pre)
    frames, crops, clips, side = views.split('x')
    ablation = '_abl_2d' if variant.startswith('2D') else ''
    name = f'uniformer_{size}{ablation}_{frames}'
    if size in ('xxs', 'xs'):
        return f'{name}_{side}_{data}'
    if data[0] != 's':
        stride = re.search(r'stride (\d+)', variant)
        default = 8 if frames == '8' else 4
        name += f'x{stride[1] if stride else default}'
    name += f'_{data}{pre}'
    return name if f'{crops}x{clips}' == DEFAULT_VIEWS[data[0]] else f'{name}_test_{crops}x{clips}'


def _pretraining(weights: str, sampling: str | None) -> str:
    words = [weights.lower().replace('-', ''), *(sampling or '').replace('16x4', '').split(), 'pre']
    return '_' + '_'.join(words)


def _table_11(metric: str, variant: str, pre: str) -> str:
    attention = next((pattern for pattern in ('llll', 'divided') if pattern in variant.lower()), '')
    ablation = f'_abl_{attention}' if attention else ''
    if metric == 'pretrain_top1':
        return f'uniformer_s{ablation}_16x4_k400'
    crop = '' if attention or pre == '_in1k_pre' else '_test_1x1'
    return f'uniformer_s{ablation}_16_ssv1{pre}{crop}'


def printed() -> list[tuple[str, dict[str, str]]]:
    """Config and line of all that papers and READMEs print, but for mmaction2's own numbers."""
    found = []
    for line in published.read_numbers():
        ours = re.fullmatch(r'UniFormer-(S|B|XXS|XS)', line['model'])
        if line['task'] != 'video_classification' or not ours or line['framework'] == 'mmaction2':
            continue
        if line['metric'] == 'pretrain_top1' and 'IN-1K' in line['variant']:
            continue  # of the classifier of images
        if line['metric'] in ('top1', 'top5', 'pretrain_top1'):
            found.append((config_of(line), line))
    return found


LINES = printed()
# A line of Table 11 about Kinetics has the FLOPs of the test on Something-Something.
FLOPS = sorted(
    {
        (name, line['flops_G'])
        for name, line in LINES
        if line['flops_G'] and (line['metric'] != 'pretrain_top1' or '_abl_' in name)
    }
)


def header_of(name: str) -> str:
    return (VIDEO / f'{name}.py').read_text().split('"""')[1]


@functools.cache
def _measured(model: str, shape: tuple[int, ...], path: Path) -> Complexity:
    return complexity(load(path), shape)


@functools.cache
def cost(path: Path) -> Complexity:
    """Parameters, FLOPs of a view, and views; counted once for equal models."""
    config = load(path)
    model = config.model.to_dict()
    model['backbone'].update(init_cfg=None, drop_path_rate=0.0)
    shape = find_toolbox(config).table_shape(config)
    result = _measured(json.dumps(model, sort_keys=True), shape, path)
    return dataclasses.replace(result, views=count_views(config))


def flops_of_views(name: str) -> float:
    result = cost(VIDEO / f'{name}.py')
    # Tables 10 and 11 count one view, whatever a test takes.
    views = 1 if '_abl_' in name or name.endswith('_50e') else result.views
    return result.flops * views / 1e9


def test_every_printed_row_has_a_config():
    assert {name for name, _ in LINES} - {path.stem for path in CLASSIFIERS} == set()


def test_every_config_has_a_printed_row_or_says_that_it_has_none():
    without = {path.stem for path in CLASSIFIERS} - {name for name, _ in LINES}
    assert {name for name in without if 'No published number' not in header_of(name)} == set()


@pytest.mark.parametrize('name', sorted({name for name, _ in LINES}))
def test_a_header_states_the_printed_accuracies_and_their_tables(name):
    header = ' '.join(header_of(name).split())
    for line in (line for found, line in LINES if found == name):
        assert re.search(rf'(?<![\d.]){re.escape(line["value"])}(?!\d)', header), line
        if table := re.search(r'Table (\d+)', line['source']):
            assert re.search(rf'\b{table[1]}\b', header.partition('.')[0]), line


@pytest.mark.parametrize(('name', 'value'), FLOPS)
def test_the_printed_flops_are_ours(name, value):
    ours = flops_of_views(name)
    if name in ERRATA:
        wrong, exact, why = ERRATA[name]
        assert value == wrong and why
        assert ours == pytest.approx(exact, rel=0.005) != pytest.approx(float(wrong), rel=0.02)
        return
    decimals = len(value.partition('.')[2])
    assert round(ours, decimals) == float(value) or ours == pytest.approx(float(value), rel=0.02)


@pytest.mark.parametrize('path', CLASSIFIERS, ids=stem)
def test_the_flops_in_a_header_are_printed_ones(path):
    stated = set(re.findall(r'(\d+(?:\.\d+)?) G\s+FLOPs', header_of(path.stem)))
    own = {value for name, value in FLOPS if name == path.stem}
    assert len(stated) <= 1 and bool(stated) >= bool(own)
    # Tables 12 and 14 print none; those of an equal model and test are meant.
    ours = pytest.approx(flops_of_views(path.stem), rel=1e-3)
    equal = {value for name, value in FLOPS if flops_of_views(name) == ours}
    assert stated <= (own or equal)


@pytest.mark.parametrize('name', PARAMETERS)
def test_a_model_has_the_parameters_of_the_released_files(name):
    assert cost(VIDEO / f'uniformer_{name}.py').parameters == PARAMETERS[name]


def test_the_readme_links_every_config():
    links = set(re.findall(r'\]\((\w+\.py)\)', (VIDEO / 'README.md').read_text()))
    ours = {path.name for path in configs_of('video') if OURS.match(path.stem)}
    assert {link for link in links if OURS.match(link)} == ours


MODELS = yaml.safe_load((VIDEO / 'metafile.yml').read_text())['Models']


def test_the_metafile_has_every_config_once():
    names = [model['Name'] for model in MODELS]
    assert sorted(names) == sorted(
        path.stem for path in configs_of('video') if re.match('(fast_rcnn_)?uniformer_', path.stem)
    )


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_the_metafile_tells_what_the_config_is(model):
    path, facts = CONFIGS.parent / model['Config'], model['Metadata']
    config = load(path)
    assert path.stem == model['Name']
    assert facts['Epochs'] == config.train_cfg.max_epochs
    data = config.train_dataloader
    assert facts['Batch Size'] == config.auto_scale_lr.base_batch_size // (
        2 if data.dataset.type == 'RepeatDataset' else 1
    )
    if model['Name'].startswith('uniformer_'):
        result = cost(path)
        assert facts['Parameters'] == result.parameters
        assert facts['FLOPs'] == pytest.approx(result.flops * result.views, rel=0.005)
    for metric, value in (model.get('Results') or [{}])[0].get('Metrics', {}).items():
        column = {'Top 1 Accuracy': ('top1', 'pretrain_top1'), 'Top 5 Accuracy': ('top5',)}[metric]
        values = {
            float(line['value']) for name, line in LINES
            if name == path.stem and line['metric'] in column
        }  # fmt: skip
        assert value in values
