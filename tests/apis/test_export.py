"""Export: what is exported, what is refused, and when a file counts as wrong."""

import pytest
import torch
from tiny_v2 import BEIT, randomised
from torch import nn

from mmuniformer.apis import export
from mmuniformer.apis.exporting.check import Comparison, difference, shapes_to_check
from mmuniformer.apis.exporting.formats import find_format, fix_size
from mmuniformer.apis.exporting.nets import (
    AveragePool,
    Exportable,
    explain_fixed,
    free_sizes,
    make_exportable,
    make_metadata,
)


@pytest.mark.parametrize('output', [1, 2, 3, 6, (2, 5)])
@pytest.mark.parametrize('size', [(6, 6), (7, 13), (3, 5), (1, 2)])
def test_matrix_pooling_is_adaptive_pooling(output, size):
    x = torch.randn(2, 3, *size)
    expected = nn.AdaptiveAvgPool2d(output)(x)
    torch.testing.assert_close(AveragePool(output)(x), expected)


def test_pooling_is_replaced_wherever_it_is():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.AdaptiveAvgPool2d(3)))
    x = torch.randn(1, 3, 8, 11)
    expected = net(x)
    free_sizes(net)
    assert isinstance(net[1][0], AveragePool)
    torch.testing.assert_close(net(x), expected)


def test_upsampling_of_mmseg_is_replaced_by_that_of_torch():
    utils = pytest.importorskip('mmseg.models.utils')
    net = nn.Sequential(utils.Upsample(scale_factor=2, mode='bilinear', align_corners=False))
    x = torch.randn(1, 2, 5, 7)
    expected = net(x)
    free_sizes(net)
    assert isinstance(net[0], nn.Upsample)
    torch.testing.assert_close(net(x), expected)


def test_a_difference_is_in_standard_deviations_and_infinite_for_another_shape():
    x = torch.randn(1000)
    assert difference([x], [x]) == 0
    assert difference([x, x], [x, x + 0.5 * x.std()]) == pytest.approx(0.5, rel=1e-4)
    assert difference([x], [x[:5]]) == float('inf')
    assert difference([x], [x, x]) == float('inf')
    assert difference([x], [x * float('nan')]) == float('inf')
    assert not Comparison((1,), float('inf')).agrees


def test_sizes_that_are_checked_include_odd_ones_and_a_batch_of_one():
    item = Exportable(nn.Identity(), {0: 'batch', 2: 'height'}, [], (224, 224), None, {})
    shapes = shapes_to_check(item)
    assert {shape[0] for shape in shapes} == {1, 2}
    assert any(shape[2] % 32 and shape[3] % 2 for shape in shapes)
    item.axes = {0: 'batch'}
    assert shapes_to_check(item) == [(1, 3, 224, 224), (3, 3, 224, 224)]


@pytest.mark.parametrize(
    ('config', 'checkpoint', 'options', 'message'),
    [
        ('mini_mask_rcnn_uniformer_s_h14', 'random', {}, 'detectors end in NMS'),
        (
            'mini_mask_rcnn_uniformer_s_h14', 'random',
            {'part': 'backbone', 'format': 'torch_export'},
            'guards how a map is cut into windows',
        ),
        ('mini_uniformer_xxs_in1k', 'random', {}, 'ONNX does not have'),
        (
            'mini_uniformer_xxs_in1k', 'random', {'format': 'torch_export'},
            'choose a number of tokens',
        ),
        ('nowhere.py', 'random', {}, 'there is no config file nowhere.py'),
        ('mini_uniformer_s_in1k', 'nowhere.pth', {}, 'nowhere.pth does not exist'),
        ('mini_uniformer_s_in1k', 'random', {'fixed_size': (16, 64)}, 'at least 32 pixels'),
        ('mini_uniformer_s_in1k', 'random', {'part': 'head'}, r"'head' is none of \('model'"),
        ('mini_uniformer_s_in1k', 'random', {'format': 'tflite'}, r"'tflite' is none of \('onnx'"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused_with_the_reason(
    config, checkpoint, options, message, tmp_path
):
    for toolbox in ('mmdet', 'mmpretrain', 'onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(toolbox)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        export(config, checkpoint, tmp_path / 'model', **options)
    assert not (tmp_path / 'model').exists()


def test_a_format_without_its_packages_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    with pytest.raises(ImportError, match='pip install onnx onnxscript onnxruntime'):
        find_format('onnx')


def test_a_vit_takes_whole_patches_and_says_where_its_size_is_fixed():
    net = randomised(out_indices=(1,))
    item = Exportable(net, {0: 'batch', 2: 'height'}, [], (32, 32), None, {}, multiple=8)
    for size, message in (
        (None, 'guards whether positions are resized, .* give a fixed size'),
        ((32, 36), 'multiples of 8, got 32 36'),
    ):
        with pytest.raises(ValueError, match=message):
            fix_size(item, size, 'torch_export')
    fix_size(item, None, 'onnx')
    assert item.axes == {0: 'batch', 2: 'height'}
    shapes = shapes_to_check(item)
    assert [shape[2:] for shape in shapes] == [
        (64, 64),
        (72, 104),
        (224, 224),
        (152, 336),
        (32, 32),
    ]


@pytest.mark.parametrize('arch', [{}, BEIT], ids=['absolute', 'relative'])
def test_relative_positions_of_a_vit_fix_its_size(arch):
    model = nn.Module()
    model.backbone = randomised(arch=arch, out_indices=(1,))
    model.data_preprocessor = nn.Module()
    reason = explain_fixed(model, 'backbone')
    assert (reason or '').startswith('UniFormerV2 numbers the displacements') == bool(arch)
    assert make_metadata(model) == {'size_multiple': '8'}


def test_the_model_of_another_toolbox_is_refused():
    with pytest.raises(ValueError, match="default_scope is 'mmocr'"):
        make_exportable({'default_scope': 'mmocr'}, nn.Module())


def test_a_model_without_a_head_is_exported_as_a_backbone_alone():
    model = nn.Module()
    model.backbone = nn.Identity()
    with pytest.raises(ValueError, match="no head that takes features alone; export part 'backb"):
        make_exportable({'default_scope': 'mmpose'}, model)
