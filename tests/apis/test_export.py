"""tools/export.py: what is exported, what is refused, and when a file counts as wrong."""

import pytest
import torch
from mmengine.config import Config
from tiny_v2 import BEIT, randomised
from tool_modules import load_tool
from torch import nn

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 2, 1)}


@pytest.fixture(scope='module')
def nets():
    return load_tool('exporting.nets')


@pytest.fixture(scope='module')
def check():
    return load_tool('exporting.check')


@pytest.mark.parametrize('output', [1, 2, 3, 6, (2, 5)])
@pytest.mark.parametrize('size', [(6, 6), (7, 13), (3, 5), (1, 2)])
def test_matrix_pooling_is_adaptive_pooling(nets, output, size):
    x = torch.randn(2, 3, *size)
    expected = nn.AdaptiveAvgPool2d(output)(x)
    torch.testing.assert_close(nets.AveragePool(output)(x), expected)


def test_pooling_is_replaced_wherever_it_is(nets):
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.AdaptiveAvgPool2d(3)))
    x = torch.randn(1, 3, 8, 11)
    expected = net(x)
    nets.free_sizes(net)
    assert isinstance(net[1][0], nets.AveragePool)
    torch.testing.assert_close(net(x), expected)


def test_upsampling_of_mmseg_is_replaced_by_that_of_torch(nets):
    utils = pytest.importorskip('mmseg.models.utils')
    net = nn.Sequential(utils.Upsample(scale_factor=2, mode='bilinear', align_corners=False))
    x = torch.randn(1, 2, 5, 7)
    expected = net(x)
    nets.free_sizes(net)
    assert isinstance(net[0], nn.Upsample)
    torch.testing.assert_close(net(x), expected)


def test_a_difference_is_in_standard_deviations_and_infinite_for_another_shape(check):
    x = torch.randn(1000)
    assert check.difference([x], [x]) == 0
    assert check.difference([x, x], [x, x + 0.5 * x.std()]) == pytest.approx(0.5, rel=1e-4)
    assert check.difference([x], [x[:5]]) == float('inf')
    assert check.difference([x], [x, x]) == float('inf')
    assert check.difference([x], [x * float('nan')]) == float('inf')
    assert not check.Comparison((1,), float('inf')).agrees


def test_sizes_that_are_checked_include_odd_ones_and_a_batch_of_one(nets, check):
    item = nets.Exportable(nn.Identity(), {0: 'batch', 2: 'height'}, [], (224, 224), None, {})
    shapes = check.shapes_to_check(item)
    assert {shape[0] for shape in shapes} == {1, 2}
    assert any(shape[2] % 32 and shape[3] % 2 for shape in shapes)
    item.axes = {0: 'batch'}
    assert check.shapes_to_check(item) == [(1, 3, 224, 224), (3, 3, 224, 224)]


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['configs/det/mini_mask_rcnn_uniformer_s_h14.py', 'random'], 'detectors end in NMS'),
        (
            ['configs/det/mini_mask_rcnn_uniformer_s_h14.py', 'random', '--part', 'backbone']
            + ['--format', 'torch_export'],
            'guards how a map is cut into windows',
        ),
        (['configs/cls/mini_uniformer_xxs_in1k.py', 'random'], 'ONNX has no such sort'),
        (
            ['configs/cls/mini_uniformer_xxs_in1k.py', 'random', '--format', 'torch_export'],
            'choose a number of tokens',
        ),
        (['nowhere.py', 'random'], 'config nowhere.py does not exist'),
        (['configs/cls/mini_uniformer_s_in1k.py', 'nowhere.pth'], 'nowhere.pth does not exist'),
        (
            ['configs/cls/mini_uniformer_s_in1k.py', 'random', '--fixed-size', '16', '64'],
            'at least 32 pixels',
        ),
    ],
)
def test_what_cannot_be_exported_is_refused_with_the_reason(
    words, message, tmp_path, repo_root, capsys, monkeypatch
):
    for toolbox in ('mmdet', 'mmpretrain', 'onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(toolbox)
    monkeypatch.chdir(repo_root)
    with pytest.raises(SystemExit) as refusal:
        load_tool('export').main([*words, '--out', str(tmp_path / 'model')])
    assert refusal.value.code == 2
    assert message in ' '.join(capsys.readouterr().err.split())
    assert not (tmp_path / 'model').exists()


def test_a_vit_takes_whole_patches_and_says_where_its_size_is_fixed(nets, check):
    formats = load_tool('exporting.formats')
    net = randomised(out_indices=(1,))
    item = nets.Exportable(net, {0: 'batch', 2: 'height'}, [], (32, 32), None, {}, multiple=8)
    for size, message in (
        (None, 'guards whether positions are resized, .* give --fixed-size'),
        ((32, 36), 'multiples of 8, got 32 36'),
    ):
        with pytest.raises(ValueError, match=message):
            formats.fix_size(item, size, 'torch_export')
    formats.fix_size(item, None, 'onnx')
    assert item.axes == {0: 'batch', 2: 'height'}
    shapes = check.shapes_to_check(item)
    assert [shape[2:] for shape in shapes] == [
        (64, 64),
        (72, 104),
        (224, 224),
        (152, 336),
        (32, 32),
    ]


@pytest.mark.parametrize('arch', [{}, BEIT], ids=['absolute', 'relative'])
def test_relative_positions_of_a_vit_fix_its_size(arch, nets):
    model = nn.Module()
    model.backbone = randomised(arch=arch, out_indices=(1,))
    model.data_preprocessor = nn.Module()
    reason = nets.why_fixed(model, 'backbone')
    assert (reason or '').startswith('UniFormerV2 numbers the displacements') == bool(arch)
    assert nets.metadata_of(model) == {'size_multiple': '8'}


def test_the_whole_of_another_toolbox_is_refused(nets):
    with pytest.raises(ValueError, match="default_scope 'mmocr'"):
        nets.whole_net('mmocr', nn.Module())


def test_a_config_without_a_model_is_refused(nets, tmp_path):
    Config({'default_scope': 'mmseg'}).dump(tmp_path / 'empty.py')
    with pytest.raises(ValueError, match='has no model'):
        nets.load(tmp_path / 'empty.py', 'random')
