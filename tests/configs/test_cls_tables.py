"""Parameters, FLOPs and accuracies of configs/cls are the printed ones, but for listed errata."""

import functools
import re

import pytest
import torch
from cls_configs import FULL, NAMES

from configs import CONFIGS, load
from mmuniformer.apis.cost import complexity
from mmuniformer.apis.reproduction import published

pytest.importorskip('mmpretrain')

ERRATA = {
    # With the second classifier; printed is the number without it.
    ('s_plus_tl_in1k', 'params_M', '24'): 24.55,
    ('s_plus_dim64_tl_in1k', 'params_M', '24'): 24.55,
    ('s_plus_tl_in1k_384', 'params_M', '24'): 24.55,
    # The printed parameters fit the released model, and they do not fit these FLOPs.
    ('l_tl_in1k', 'flops_G', '12.6'): 19.71,
    ('l_tl_in1k_384', 'flops_G', '39.2'): 62.76,
}
# Ablation in the name of a config -> its line in Table 10.
ABLATIONS = {
    'mobilenet': 'no FFN, size 5, LLGG',
    'nodpe': 'no DPE, size 5, LLGG',
    'k3': 'size 3, LLGG',
    'k7': 'size 7, LLGG',
    'k9': 'size 9, LLGG',
    'llll': 'size 5, LLLL',
    'lllg': 'size 5, LLLG',
    'lggg': 'size 5, LGGG',
    'gggg': 'size 5, GGGG',
}


def printed() -> list[dict]:
    """Lines of the tables of image classification, with the config that each is about."""
    lines = [line for line in published.read_numbers() if line['model'].startswith('UniFormer-')]
    found = []
    for line in lines:
        if line['task'] != 'image_classification' or line['dataset'] != 'ImageNet-1K':
            continue
        if name := config_named_in(line):
            found.append({**line, 'config': name})
    return found


def config_named_in(line: dict) -> str | None:
    model, variant = line['model'].removeprefix('UniFormer-'), line['variant']
    size, *more = re.split(r'\+', model)
    name = size.lower().replace('†', '_plus')
    if line['framework'] == 'ablation':
        names = {variant: f's_abl_{key}_in1k' for key, variant in ABLATIONS.items()}
        return names.get(variant, 's_in1k')
    if name in ('xxs', 'xs'):
        return f'{name}_in1k_{line["input_size"].split("x")[0]}'
    # Table 1 counts B and L with the classifier of token labeling.
    labeled = 'token labeling' in variant or 'TL' in more
    labeled = labeled or (line['source'] == 'paper Table 1' and name in ('b', 'l'))
    if 'Layer Scale' in more and not labeled:
        name += '_ls'
    if 'head_dim 64' in variant:
        name += '_dim64'
    fine = '_384' if '384' in line['input_size'] else ''
    return f'{name}{"_tl" if labeled else ""}_in1k{fine}'


PRINTED = printed()


@functools.cache
def cost(name: str) -> dict[str, float]:
    config = load(CONFIGS / 'cls' / f'uniformer_{name}.py')
    with torch.device('meta'):
        result = complexity(config)
    return {'params_M': result.parameters / 1e6, 'flops_G': result.flops / 1e9}


def agrees(value: float, text: str, tolerance: float) -> bool:
    """Whole millions are coarser than the tolerance: the same number, once rounded, agrees."""
    decimals = len(text.partition('.')[2])
    near = value == pytest.approx(float(text), rel=tolerance)
    return near or round(value, decimals) == float(text)


@pytest.mark.parametrize('name', sorted({line['config'] for line in PRINTED}))
def test_parameters_and_flops_are_the_printed_ones(name):
    assert f'uniformer_{name}' in FULL
    for line in PRINTED:
        if line['config'] != name:
            continue
        for column, tolerance in (('params_M', 0.005), ('flops_G', 0.02)):
            text, value = line[column], cost(name)[column]
            if text and (name, column, text) not in ERRATA:
                assert agrees(value, text, tolerance), (column, value, text, line['source'])


@pytest.mark.parametrize('erratum', ERRATA, ids=' '.join)
def test_an_erratum_is_exact_and_necessary(erratum):
    name, column, text = erratum
    assert cost(name)[column] == pytest.approx(ERRATA[erratum], rel=0.001)
    assert not agrees(cost(name)[column], text, {'params_M': 0.005, 'flops_G': 0.02}[column])
    assert any(line[column] == text for line in PRINTED if line['config'] == name)


@pytest.mark.parametrize('name', FULL)
def test_a_header_expects_a_printed_accuracy_of_the_config(name):
    header = (CONFIGS / 'cls' / f'{name}.py').read_text().split('"""')[1]
    lines = [line for line in PRINTED if f'uniformer_{line["config"]}' == name]
    accuracies = {line['value'] for line in lines if line['metric'] == 'top1'}
    assert set(re.findall(r'Expected on ImageNet val: top-1 (\d+\.\d)', header)) <= accuracies
    assert accuracies <= set(re.findall(r'\d+\.\d', header))


@pytest.mark.parametrize('name', NAMES)
def test_a_header_gives_the_command_and_a_leaf_states_differences_only(name):
    _, header, body = (CONFIGS / 'cls' / f'{name}.py').read_text().split('"""')
    assert f'    mim train mmpretrain configs/cls/{name}.py\n' in header
    if name in FULL:
        assert 'Expected on ImageNet val' in header
        assert re.search(r'paper, Table (2|10)|README of the release, Table', header)
        assert len([line for line in body.splitlines() if line.strip()]) <= 15
