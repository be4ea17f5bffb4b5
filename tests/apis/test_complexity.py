"""Complexity: published numbers, and arithmetic by hand, for models of every toolbox."""

import json
from pathlib import Path

import pytest
import torch
from commands import refuse_command, run_command
from flop_configs import CLASSIFIER, TINY
from mmengine.config import Config
from mmengine.utils import get_installed_path

from mmuniformer.apis.cost import Complexity, complexity
from mmuniformer.apis.flops import FlopMeter, Part, count_flops
from mmuniformer.cli.complexity import make_notes
from mmuniformer.layers import Attention
from mmuniformer.models import UniFormer

for toolbox in ('mmdet', 'mmseg', 'mmpose', 'mmpretrain'):
    pytest.importorskip(toolbox)


def part(cost: Complexity, name: str) -> Part:
    return next(row for row in cost.parts if row.part == name)


def stock(toolbox: str, name: str) -> Config:
    config = Config.fromfile(Path(get_installed_path(toolbox)) / '.mim' / 'configs' / name)
    config.model.backbone.init_cfg = None
    return config


def test_the_backbone_has_its_published_cost_and_the_parts_are_the_whole():
    mask_rcnn = complexity('mask_rcnn_uniformer_s_h14_1x')
    assert mask_rcnn.shape == (800, 1280)
    assert part(mask_rcnn, 'backbone').flops == pytest.approx(98.8e9, rel=0.01)
    assert part(mask_rcnn, 'backbone').parameters == 21_033_280
    assert sum(part.flops for part in mask_rcnn.parts) == mask_rcnn.flops
    assert sum(part.parameters for part in mask_rcnn.parts) == mask_rcnn.parameters


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_an_attention_layer_costs_what_arithmetic_says(device):
    B, N, C = 2, 50, 128
    meter = FlopMeter()
    meter('attention', Attention(C, 64).to(device), torch.empty(B, N, C, device=device))
    qkv, scores, values, projection = 3 * B * N * C * C, B * N * N * C, B * N * N * C, B * N * C * C
    assert meter.parts[0].flops == qkv + scores + values + projection


def test_windows_cost_less_than_global_attention_by_the_difference_of_the_products():
    flops = {}
    for attention in ('global', 'hybrid'):
        net = UniFormer(arch='small', attention=attention, window_size=14).to('meta').eval()
        _, flops[attention] = count_flops(net, torch.empty(1, 3, 448, 448, device='meta'))
    # 28×28 tokens in 4 windows, 6 of 8 blocks, two products of N·N·C each.
    saved = 6 * 2 * (784**2 - 4 * 196**2) * 320
    assert flops['global'] - flops['hybrid'] == saved


def test_activation_checkpointing_changes_no_count():
    x = torch.empty(1, 3, 224, 224, device='meta')
    nets = [UniFormer(arch='small', with_cp=with_cp).to('meta') for with_cp in (False, True)]
    assert count_flops(nets[0].train(), x)[1] == count_flops(nets[1].train(), x)[1] > 0


def test_a_one_stage_detector_has_the_numbers_of_mmdets_documentation():
    result = complexity(stock('mmdet', 'retinanet/retinanet_r50_fpn_1x_coco.py'))
    frozen = 225_344  # stem and first stage of ResNet-50, which the documentation leaves out
    assert result.parameters - frozen == pytest.approx(37.74e6, rel=1e-3)
    assert result.flops == pytest.approx(239.32e9, rel=0.01)


def test_a_detr_costs_what_arithmetic_says():
    result = complexity(stock('mmdet', 'detr/detr_r50_8xb2-150e_coco.py'), (128, 160))
    C, F, layers, Q, N = 256, 2048, 6, 100, 4 * 5
    encoder = 4 * N * C * C + 2 * N * N * C + 2 * N * C * F
    to_itself = 4 * Q * C * C + 2 * Q * Q * C
    to_image = 2 * Q * C * C + 2 * N * C * C + 2 * Q * N * C
    decoder = to_itself + to_image + 2 * Q * C * F
    assert part(result, 'transformer').flops == layers * (encoder + decoder)
    assert sum(part.flops for part in result.parts) == result.flops
    assert sum(part.parameters for part in result.parts) == result.parameters
    assert result.parameters == pytest.approx(41.6e6, rel=0.01)  # as DETR's authors state


def test_an_auxiliary_head_has_parameters_and_no_flops():
    config = Config.fromstring(TINY, '.py')
    both = complexity(config, (64, 128))
    config.model.auxiliary_head = None
    one = complexity(config, (64, 128))
    assert both.flops == one.flops
    assert both.parameters - one.parameters == part(both, 'decode_head').parameters
    assert part(both, 'auxiliary_head').flops == 0
    note = f'without auxiliary_head, which a test does not run: {one.parameters / 1e6:.2f} M'
    assert make_notes(both)[-1].startswith(note)


def test_a_segmentation_head_costs_what_arithmetic_says():
    result = complexity(Config.fromstring(TINY, '.py'))
    assert result.shape == (512, 2048)
    tokens = 512 * 2048 // 32**2
    assert part(result, 'decode_head').flops == tokens * (9 * 64 * 8 + 8 * 5)


def test_a_pose_estimator_takes_the_input_of_its_codec():
    result = complexity('td_hm_uniformer_s_256x192')
    assert result.shape == (256, 192)
    assert [part.part for part in result.parts] == ['backbone', 'head']
    # Three deconvolutions of 4×4, each from the map that the one before gave, and a 1×1.
    layers = [16 * 512 * 256 * 48, 16 * 256 * 256 * 192, 16 * 256 * 256 * 768, 256 * 17 * 3072]
    assert part(result, 'head').flops == sum(layers)
    assert part(result, 'head').parameters == 4_200_209


def test_a_classifier_has_the_published_numbers():
    result = complexity(Config.fromstring(CLASSIFIER, '.py'))
    assert result.shape == (224, 224)
    assert result.parameters == 21_545_256
    assert result.flops == pytest.approx(3.6e9, rel=0.01)


def test_a_video_model_has_the_published_numbers_of_one_view_and_of_all():
    pytest.importorskip('mmaction')
    name = 'recognition/uniformer/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb.py'
    result = complexity(stock('mmaction', name))
    assert result.shape == (16, 224, 224)
    assert result.views == 4
    assert result.flops == pytest.approx(41.8e9, rel=0.01)
    assert result.flops * result.views == pytest.approx(167e9, rel=0.01)


def test_a_backbone_alone_is_refused():
    config = Config.fromstring(CLASSIFIER, '.py')
    config.model = config.model.backbone
    with pytest.raises(
        ValueError, match='the model is a UniFormer; of mmpretrain, ImageClassifier'
    ):
        complexity(config)


@pytest.mark.parametrize('markdown', [False, True])
def test_the_command_prints_a_table_and_writes_json(markdown, tmp_path):
    out = run_command(
        'complexity', 'mini_mask_rcnn_uniformer_s_h14', '--shape', '160', '128',
        '--json', tmp_path / 'a' / 'b.json', *(['--markdown'] if markdown else []),
    )  # fmt: skip
    written = json.loads((tmp_path / 'a' / 'b.json').read_text())
    assert written['shape'] == [160, 128]
    assert [row['part'] for row in written['parts']][:2] == ['backbone', 'neck']
    rows = [line.replace('|', '').split() for line in out.splitlines()]
    rows = [row for row in rows if row and row[0][0] not in '-─']
    assert rows[0] == ['part', 'parameters', 'FLOPs']
    for row, cost in zip(rows[1:], [*written['parts'], {'part': 'all', **written}], strict=False):
        millions, billions = cost['parameters'] / 1e6, cost['flops'] / 1e9
        assert row == [cost['part'], f'{millions:.2f}', 'M', f'{billions:.2f}', 'G']


def test_several_configs_of_several_toolboxes_give_a_line_each(tmp_path):
    configs = {tmp_path / 'segmentor.py': TINY, tmp_path / 'classifier.py': CLASSIFIER}
    for path, text in configs.items():
        path.write_text(text)
    out = run_command('complexity', *configs, '--markdown', '--json', tmp_path / 'all.json')
    segmentor, classifier = json.loads((tmp_path / 'all.json').read_text())
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in out.splitlines()]
    assert lines[0] == ['config', 'input', 'parameters', 'FLOPs']
    assert lines[2][:2] == ['segmentor', '512×2048']
    assert lines[2][3] == f'{segmentor["flops"] / 1e9:.2f} G'
    assert lines[3] == ['classifier', '224×224', '21.55 M', f'{classifier["flops"] / 1e9:.2f} G']


@pytest.mark.parametrize(
    ('text', 'shape', 'message'),
    [
        (None, (64, 64), 'there is no config file'),
        ("default_scope = 'mmocr'\nmodel = dict()", (64, 64), 'mmdet'),
        ("default_scope = 'mmdet'", (64, 64), 'no model'),
        ("default_scope = 'mmdet'", (64, 8), 'is not H W, with H and W at least 32 pixels'),
        ("default_scope = 'mmdet'", (64,), 'is not H W'),
        ("default_scope = 'mmdet'", (4, 64, 64), 'is not H W'),
        ("default_scope = 'mmpose'\nmodel = dict()", (), 'give the shape H W'),
        ("default_scope = 'mmaction'\nmodel = dict()", (), 'samples no frames'),
    ],
)
def test_what_cannot_be_counted_is_refused(text, shape, message, tmp_path):
    config = tmp_path / 'config.py'
    if text is not None:
        config.write_text(text)
    options = ['--shape', *shape] if shape else []
    assert message in refuse_command('complexity', config, *options)
