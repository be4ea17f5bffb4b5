"""tools/complexity.py: the published numbers, and arithmetic by hand."""

import importlib.util
import json
import sys

import pytest
import torch

pytest.importorskip('mmdet')


@pytest.fixture(scope='module')
def complexity(repo_root):
    spec = importlib.util.spec_from_file_location(
        'complexity', repo_root / 'tools' / 'complexity.py'
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def full_size(complexity, repo_root) -> dict:
    config = repo_root / 'configs' / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py'
    return complexity.measure(config, (800, 1280))


def part(result: dict, name: str) -> dict:
    return next(row for row in result['parts'] if row['part'] == name)


# config → parameters in millions and FLOPs in billions at 800×1280, as the paper prints them.
PUBLISHED = {  # Tables 5, 6 and 15; Table 15 prints no parameters
    'mask_rcnn_uniformer_s_h14_1x': (41, 269),
    'mask_rcnn_uniformer_s_w14_1x': (41, 250),
    'mask_rcnn_uniformer_s_g_1x': (41, 326),
    'mask_rcnn_uniformer_b_h14_1x': (69, 399),
    'cascade_mask_rcnn_uniformer_s_h14_3x_ms': (79, 747),
    'cascade_mask_rcnn_uniformer_b_h14_3x_ms': (107, 878),
}


@pytest.mark.parametrize('name', PUBLISHED)
def test_a_detector_has_the_published_parameters_and_flops(complexity, repo_root, name):
    parameters, flops = PUBLISHED[name]
    result = complexity.measure(repo_root / 'configs' / 'det' / f'{name}.py', (800, 1280))
    assert result['parameters'] == pytest.approx(parameters * 1e6, rel=0.01)
    assert result['flops'] == pytest.approx(flops * 1e9, rel=0.02)


def test_the_backbone_has_its_published_cost(full_size):
    assert part(full_size, 'backbone')['flops'] == pytest.approx(98.8e9, rel=0.01)
    assert part(full_size, 'backbone')['parameters'] == 21_033_280


def test_the_parts_are_the_whole(full_size):
    for key in ('flops', 'parameters'):
        assert sum(row[key] for row in full_size['parts']) == full_size[key]


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_an_attention_layer_costs_what_arithmetic_says(complexity, device):
    from mmuniformer.layers import Attention

    B, N, C = 2, 50, 128
    meter = complexity.Meter()
    meter('attention', Attention(C, 64).to(device), torch.empty(B, N, C, device=device))
    qkv, scores, values, projection = 3 * B * N * C * C, B * N * N * C, B * N * N * C, B * N * C * C
    assert meter.rows[0].flops == qkv + scores + values + projection


def test_windows_cost_less_than_global_attention_by_the_difference_of_the_products(complexity):
    from mmuniformer.models import UniFormer

    flops = {}
    for attention in ('global', 'hybrid'):
        meter = complexity.Meter()
        net = UniFormer(arch='small', attention=attention, window_size=14).to('meta').eval()
        meter('net', net, torch.empty(1, 3, 448, 448, device='meta'))
        flops[attention] = meter.rows[0].flops
    # 28×28 tokens in 4 windows, 6 of 8 blocks, two products of N·N·C each.
    saved = 6 * 2 * (784**2 - 4 * 196**2) * 320
    assert flops['global'] - flops['hybrid'] == saved


def test_activation_checkpointing_changes_no_count(complexity):
    from mmuniformer.models import UniFormer

    rows = []
    for with_cp in (False, True):
        meter = complexity.Meter()
        net = UniFormer(arch='small', with_cp=with_cp).to('meta')
        meter('net', net.train(), torch.empty(1, 3, 224, 224, device='meta'))
        rows.append(meter.rows[0])
    assert rows[0] == rows[1]


def test_the_command_prints_a_table_and_writes_json(repo_root, python_tool, tmp_path):
    config = repo_root / 'configs' / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py'
    done = python_tool(
        'complexity.py', config, '--shape', '160', '128', '--json', tmp_path / 'a' / 'b.json'
    )
    written = json.loads((tmp_path / 'a' / 'b.json').read_text())
    assert written['shape'] == [160, 128]
    assert f'{written["flops"] / 1e9:.2f} G' in done.stdout
    assert [row['part'] for row in written['parts']][:2] == ['backbone', 'neck']


@pytest.mark.parametrize(
    ('text', 'shape', 'message'),
    [
        (None, (64, 64), 'does not exist'),
        ("default_scope = 'mmseg'\nmodel = dict()", (64, 64), 'mmdet'),
        ("default_scope = 'mmdet'", (64, 64), 'no model'),
        ("default_scope = 'mmdet'", (64, 8), 'at least 32'),
    ],
)
def test_what_cannot_be_counted_is_refused(text, shape, message, python_tool, tmp_path):
    config = tmp_path / 'config.py'
    if text is not None:
        config.write_text(text)
    done = python_tool('complexity.py', config, '--shape', *shape, check=False)
    assert done.returncode == 2
    assert message in done.stderr
