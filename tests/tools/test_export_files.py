"""tools/export.py: files answer as the models do, at sizes and batches that were not traced."""

import pytest
import torch
from tool_modules import load_tool

onnxruntime = pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxscript')

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 2, 1)}


@pytest.fixture(scope='module')
def tools():
    return load_tool('exporting.nets'), load_tool('exporting.formats'), load_tool('exporting.check')


def worst(tools, item, file, file_format, shapes) -> float:
    _, formats, check = tools
    formats.write(item, file, file_format)
    runner = formats.FORMATS[file_format][1](file)
    compared = check.compare(formats.eager_runner(item.net), runner, shapes)
    return max(comparison.difference for comparison in compared)


def backbone_item(tools, net, size=(64, 64), varying=True):
    axes = {0: 'batch', 2: 'height', 3: 'width'} if varying else {0: 'batch'}
    return tools[0].Exportable(net.eval(), axes, [], size, None, {'mean': '1, 2, 3'})


@pytest.mark.parametrize(
    'options',
    [{'attention': 'global'}, {'attention': 'window', 'window_size': 3}],
    ids=['global', 'window'],
)
def test_an_onnx_backbone_takes_every_size_and_batch(options, tools, tmp_path):
    from mmuniformer.models import UniFormer

    torch.manual_seed(0)
    item = backbone_item(tools, UniFormer(arch=ARCH, **options))
    # Smaller than a window, whole windows, a rest on one side, on both.
    shapes = [(1, 3, 32, 32), (3, 3, 96, 144), (2, 3, 48, 111), (1, 3, 131, 77)]
    assert worst(tools, item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4
    model = onnx.load(tmp_path / 'net.onnx')
    (given,) = model.graph.input
    names = [axis.dim_param or axis.dim_value for axis in given.type.tensor_type.shape.dim]
    assert names == ['batch', 3, 'height', 'width']
    assert {prop.key: prop.value for prop in model.metadata_props}['mean'] == '1, 2, 3'


def test_a_program_of_torch_export_takes_sizes_from_64(tools, tmp_path):
    from mmuniformer.models import UniFormer

    torch.manual_seed(0)
    item = backbone_item(tools, UniFormer(arch=ARCH, out_indices=3, out_norm='batch'))
    shapes = [(1, 3, 64, 64), (3, 3, 65, 97), (2, 3, 224, 131)]
    assert worst(tools, item, tmp_path / 'net.pt2', 'torch_export', shapes) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize('attention', ['joint', 'divided'])
def test_an_onnx_net_of_clips_takes_every_batch(attention, tools, tmp_path):
    from mmuniformer.models import UniFormer3D

    torch.manual_seed(0)
    net = UniFormer3D(arch=ARCH, attention=attention)
    item = backbone_item(tools, net, (8, 64, 96), varying=False)
    shapes = [(batch, 3, 8, 64, 96) for batch in (1, 2, 5)]
    assert worst(tools, item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4


def test_the_command_fails_if_the_file_does_not_agree(tools, tmp_path, repo_root, monkeypatch):
    """The model is changed behind the exporter's back: the check has to see it."""
    pytest.importorskip('mmpretrain')
    export = load_tool('export')

    def write_and_change(item, file, file_format):
        tools[1].write(item, file, file_format)
        with torch.no_grad():
            item.net.head.fc.weight[0, 0] += 0.1

    monkeypatch.setattr(export, 'write', write_and_change)
    config = repo_root / 'configs' / 'cls' / 'mini_uniformer_s_in1k.py'
    words = [str(config), 'random', '--out', str(tmp_path / 'c.onnx'), '--fixed-size', '64', '64']
    assert export.main(words) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ('toolbox', 'config'),
    [
        ('mmpretrain', 'cls/mini_uniformer_s_in1k.py'),
        ('mmseg', 'seg/mini_fpn_uniformer_s_h14.py'),
        ('mmseg', 'seg/mini_upernet_uniformer_s_g.py'),
        ('mmpose', 'pose/mini_td_hm_uniformer_s_128x96.py'),
        ('mmaction', 'video/mini_uniformer_s_16_motion.py'),
    ],
)
def test_models_of_the_toolboxes_export_whole(toolbox, config, tmp_path, repo_root, python_tool):
    pytest.importorskip(toolbox)
    done = python_tool(
        'export.py', repo_root / 'configs' / config, 'random', '--out', tmp_path / 'model.onnx',
        '--fuse', '--measure', '--rounds', '1',
    )  # fmt: skip
    assert 'DIFFERS' not in done.stdout and done.stdout.count('agrees') >= 2
    assert 'onnxruntime' in done.stdout
