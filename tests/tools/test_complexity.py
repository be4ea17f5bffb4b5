"""tools/complexity.py: published numbers, and arithmetic by hand, for models of every toolbox."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.utils import get_installed_path
from tool_modules import load_tool

for toolbox in ('mmdet', 'mmseg', 'mmpose', 'mmpretrain'):
    pytest.importorskip(toolbox)

complexity = load_tool('complexity')
CLASSIFIER = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmuniformer.UniFormer', arch='small', out_indices=3, out_norm='batch'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=1000, in_channels=512),
)
test_pipeline = [dict(type='ResizeEdge', scale=256), dict(type='CenterCrop', crop_size=224)]
"""
TINY = """
default_scope = 'mmseg'
backbone = dict(type='mmuniformer.UniFormer', arch=dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64)))
head = dict(
    type='FCNHead', in_channels=64, in_index=3, channels=8, num_convs=1, concat_input=False,
    num_classes=5, norm_cfg=dict(type='BN'),
)
model = dict(
    type='EncoderDecoder', backbone=backbone, decode_head=head, auxiliary_head=dict(**head),
    train_cfg=dict(), test_cfg=dict(mode='whole'),
)
"""


@pytest.fixture(scope='module')
def mask_rcnn(repo_root) -> dict:
    return complexity.measure(repo_root / 'configs' / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py')


def part(result: dict, name: str) -> dict:
    return next(row for row in result['parts'] if row['part'] == name)


def stock(toolbox: str, name: str) -> Config:
    config = Config.fromfile(Path(get_installed_path(toolbox)) / '.mim' / 'configs' / name)
    config.model.backbone.init_cfg = None
    return config


def test_the_backbone_has_its_published_cost(mask_rcnn):
    assert mask_rcnn['shape'] == [800, 1280]
    assert part(mask_rcnn, 'backbone')['flops'] == pytest.approx(98.8e9, rel=0.01)
    assert part(mask_rcnn, 'backbone')['parameters'] == 21_033_280


def test_the_parts_are_the_whole(mask_rcnn):
    for key in ('flops', 'parameters'):
        assert sum(row[key] for row in mask_rcnn['parts']) == mask_rcnn[key]


@pytest.mark.parametrize('device', ['cpu', 'meta'])
def test_an_attention_layer_costs_what_arithmetic_says(device):
    from mmuniformer.layers import Attention

    B, N, C = 2, 50, 128
    meter = complexity.Meter()
    meter('attention', Attention(C, 64).to(device), torch.empty(B, N, C, device=device))
    qkv, scores, values, projection = 3 * B * N * C * C, B * N * N * C, B * N * N * C, B * N * C * C
    assert meter.rows[0].flops == qkv + scores + values + projection


def test_windows_cost_less_than_global_attention_by_the_difference_of_the_products():
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


def test_activation_checkpointing_changes_no_count():
    from mmuniformer.models import UniFormer

    rows = []
    for with_cp in (False, True):
        meter = complexity.Meter()
        net = UniFormer(arch='small', with_cp=with_cp).to('meta')
        meter('net', net.train(), torch.empty(1, 3, 224, 224, device='meta'))
        rows.append(meter.rows[0])
    assert rows[0] == rows[1]


def test_a_one_stage_detector_has_the_numbers_of_mmdets_documentation():
    result = complexity.measure(stock('mmdet', 'retinanet/retinanet_r50_fpn_1x_coco.py'))
    frozen = 225_344  # stem and first stage of ResNet-50, which the documentation leaves out
    assert result['parameters'] - frozen == pytest.approx(37.74e6, rel=1e-3)
    assert result['flops'] == pytest.approx(239.32e9, rel=0.01)


def test_a_detr_costs_what_arithmetic_says():
    result = complexity.measure(stock('mmdet', 'detr/detr_r50_8xb2-150e_coco.py'), (128, 160))
    C, F, layers, Q, N = 256, 2048, 6, 100, 4 * 5
    encoder = 4 * N * C * C + 2 * N * N * C + 2 * N * C * F
    to_itself = 4 * Q * C * C + 2 * Q * Q * C
    to_picture = 2 * Q * C * C + 2 * N * C * C + 2 * Q * N * C
    decoder = to_itself + to_picture + 2 * Q * C * F
    assert part(result, 'transformer')['flops'] == layers * (encoder + decoder)
    for key in ('flops', 'parameters'):
        assert sum(row[key] for row in result['parts']) == result[key]
    assert result['parameters'] == pytest.approx(41.6e6, rel=0.01)  # as DETR's authors state


def test_an_auxiliary_head_has_parameters_and_no_flops():
    both = complexity.measure(Config.fromstring(TINY, '.py'), (64, 128))
    config = Config.fromstring(TINY, '.py')
    config.model.auxiliary_head = None
    one = complexity.measure(config, (64, 128))
    assert both['flops'] == one['flops']
    assert both['parameters'] - one['parameters'] == part(both, 'decode_head')['parameters']
    assert part(both, 'auxiliary_head')['flops'] == 0
    assert f'{one["parameters"] / 1e6:.2f} M' in complexity.notes(both)[-1]


def test_a_segmentation_head_costs_what_arithmetic_says():
    result = complexity.measure(Config.fromstring(TINY, '.py'))
    assert result['shape'] == [512, 2048]
    tokens = 512 * 2048 // 32**2
    assert part(result, 'decode_head')['flops'] == tokens * (9 * 64 * 8 + 8 * 5)


def test_a_pose_estimator_takes_the_input_of_its_codec(repo_root):
    config = repo_root / 'configs' / 'pose' / 'td_hm_uniformer_s_256x192.py'
    result = complexity.measure(config)
    assert result['shape'] == [256, 192]
    assert [row['part'] for row in result['parts']] == ['backbone', 'head']
    # Three deconvolutions of 4×4, each from the map that the one before gave, and a 1×1.
    layers = [16 * 512 * 256 * 48, 16 * 256 * 256 * 192, 16 * 256 * 256 * 768, 256 * 17 * 3072]
    assert part(result, 'head')['flops'] == sum(layers)
    assert part(result, 'head')['parameters'] == 4_200_209


def test_a_classifier_has_the_published_numbers():
    result = complexity.measure(Config.fromstring(CLASSIFIER, '.py'))
    assert result['shape'] == [224, 224]
    assert result['parameters'] == 21_545_256
    assert result['flops'] == pytest.approx(3.6e9, rel=0.01)


def test_a_video_model_has_the_published_numbers_of_one_view_and_of_all():
    pytest.importorskip('mmaction')
    name = 'recognition/uniformer/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb.py'
    result = complexity.measure(stock('mmaction', name))
    assert result['shape'] == [16, 224, 224]
    assert result['views'] == 4
    assert result['flops'] == pytest.approx(41.8e9, rel=0.01)
    assert result['flops'] * result['views'] == pytest.approx(167e9, rel=0.01)


def test_the_command_prints_a_table_and_writes_json(repo_root, python_tool, tmp_path):
    config = repo_root / 'configs' / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py'
    done = python_tool(
        'complexity.py', config, '--shape', '160', '128', '--json', tmp_path / 'a' / 'b.json'
    )
    written = json.loads((tmp_path / 'a' / 'b.json').read_text())
    assert written['shape'] == [160, 128]
    assert f'{written["flops"] / 1e9:.2f} G' in done.stdout
    assert [row['part'] for row in written['parts']][:2] == ['backbone', 'neck']


def test_several_configs_of_several_toolboxes_give_a_line_each(python_tool, tmp_path):
    configs = []
    for name, text in {'segmentor': TINY, 'classifier': CLASSIFIER}.items():
        configs.append(tmp_path / f'{name}.py')
        configs[-1].write_text(text)
    done = python_tool('complexity.py', *configs, '--markdown', '--json', tmp_path / 'all.json')
    segmentor, classifier = json.loads((tmp_path / 'all.json').read_text())
    lines = [[cell.strip() for cell in line.split('|')[1:-1]] for line in done.stdout.splitlines()]
    lines = [line for line in lines if line]
    assert lines[0] == ['config', 'input', 'parameters', 'FLOPs']
    assert lines[2][:2] == ['segmentor', '512×2048']
    assert lines[2][3] == f'{segmentor["flops"] / 1e9:.2f} G'
    assert lines[3] == ['classifier', '224×224', '21.55 M', f'{classifier["flops"] / 1e9:.2f} G']


@pytest.mark.parametrize(
    ('text', 'shape', 'message'),
    [
        (None, (64, 64), 'does not exist'),
        ("default_scope = 'mmocr'\nmodel = dict()", (64, 64), 'mmdet'),
        ("default_scope = 'mmdet'", (64, 64), 'no model'),
        ("default_scope = 'mmdet'", (64, 8), 'at least 32'),
        ("default_scope = 'mmdet'", (64,), 'H W'),
        ("default_scope = 'mmpose'\nmodel = dict()", (), 'give --shape'),
        ("default_scope = 'mmaction'\nmodel = dict()", (), 'does not sample frames'),
    ],
)
def test_what_cannot_be_counted_is_refused(text, shape, message, python_tool, tmp_path):
    config = tmp_path / 'config.py'
    if text is not None:
        config.write_text(text)
    done = python_tool(
        'complexity.py', config, *(['--shape', *shape] if shape else []), check=False
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_what_is_of_another_kind_is_refused_with_the_kind_that_is_not():
    config = Config.fromstring(CLASSIFIER, '.py')
    config.model = config.model.backbone
    with pytest.raises(
        ValueError, match='the model is a UniFormer; of mmpretrain, ImageClassifier'
    ):
        complexity.measure(config)
