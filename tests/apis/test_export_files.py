"""tools/export.py: files answer as the models do, at sizes and batches that were not traced."""

import pytest
import torch
from mmengine.config import Config
from tiny_v2 import randomised
from tool_modules import load_tool

onnxruntime = pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxscript')

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 1, 1)}
ARCH_V2 = {'depth': 2, 'dim': 16, 'head_dim': 8, 'global_head_dim': 8, 'image_size': 32}
ARCH_V2 |= {'patch_size': 8}


@pytest.fixture(scope='module')
def tools():
    return load_tool('exporting.nets'), load_tool('exporting.formats'), load_tool('exporting.check')


def worst(tools, item, file, file_format, shapes) -> float:
    _, formats, check = tools
    formats.write(item, file, file_format)
    runner = formats.FORMATS[file_format][1](file)
    compared = check.compare(formats.eager_runner(item.net), runner, shapes)
    return max(comparison.difference for comparison in compared)


def backbone_item(tools, net, size=(64, 64), varying=True, **facts):
    axes = {0: 'batch', 2: 'height', 3: 'width'} if varying else {0: 'batch'}
    return tools[0].Exportable(net.eval(), axes, [], size, None, {'mean': '1, 2, 3'}, **facts)


def names_of_axes(file):
    (given,) = onnx.load(file).graph.input
    return [axis.dim_param or axis.dim_value for axis in given.type.tensor_type.shape.dim]


def small_config(repo_root, folder, name='cls/mini_uniformer_s_in1k.py'):
    """A config with one block a stage."""
    config = Config.fromfile(repo_root / 'configs' / name)
    config.model.backbone.update(arch=ARCH, init_cfg=None)
    config.model.head.in_channels = 32
    config.dump(folder / 'small.py')
    return folder / 'small.py'


def test_an_onnx_backbone_takes_every_size_and_batch(tools, tmp_path):
    """Stage 3 attends in windows, stage 4 globally."""
    from mmuniformer.models import UniFormer

    torch.manual_seed(0)
    net = UniFormer(arch=ARCH, attention='window', window_size=3)
    assert [net.stage(number)[1][0].window_size for number in (2, 3)] == [3, None]
    item = backbone_item(tools, net)
    # Smaller than a window, whole windows, a rest on one side, on both.
    shapes = [(1, 3, 32, 32), (3, 3, 96, 144), (2, 3, 48, 111), (1, 3, 131, 77)]
    assert worst(tools, item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4
    assert names_of_axes(tmp_path / 'net.onnx') == ['batch', 3, 'height', 'width']
    model = onnx.load(tmp_path / 'net.onnx')
    assert {prop.key: prop.value for prop in model.metadata_props}['mean'] == '1, 2, 3'


def test_an_onnx_vit_takes_every_number_of_whole_patches(tools, tmp_path):
    """Positions are resized in the file: to fewer, to more, to those they are learnt for."""
    net = randomised(arch=ARCH_V2, out_indices=(1,))
    item = backbone_item(tools, net, multiple=8)
    shapes = [(1, 3, 32, 32), (3, 3, 16, 24), (2, 3, 104, 64), (1, 3, 40, 160)]
    assert worst(tools, item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4
    assert names_of_axes(tmp_path / 'net.onnx') == ['batch', 3, 'height', 'width']


def test_a_vit_of_one_size_takes_every_batch_as_a_program(tools, tmp_path):
    net = randomised(arch=ARCH_V2, global_layers=(0, 1))
    item = backbone_item(tools, net, (40, 64), varying=False)
    shapes = [(batch, 3, 40, 64) for batch in (1, 2, 5)]
    assert worst(tools, item, tmp_path / 'net.pt2', 'torch_export', shapes) < 1e-6


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
    config = small_config(repo_root, tmp_path)
    words = [str(config), 'random', '--out', str(tmp_path / 'c.onnx'), '--fixed-size', '64', '64']
    assert export.main(words) == 1


def test_simcc_takes_every_batch_at_its_own_size(tmp_path, repo_root, capsys):
    pytest.importorskip('mmpose')
    export = load_tool('export')
    config = small_config(repo_root, tmp_path, 'pose/rtmpose_uniformer_s_256x192.py')
    words = [str(config), 'random', '--out', str(tmp_path / 'net.pt2'), '--format', 'torch_export']
    for size, message in (
        ([], 'RTMCCHead is made for one size of maps; give --fixed-size'),
        (['--fixed-size', '192', '256'], 'the head is made for 256 192 alone, got 192 256'),
    ):
        with pytest.raises(SystemExit):
            export.main([*words, *size])
        assert message in ' '.join(capsys.readouterr().err.split())
    assert export.main([*words, '--fixed-size', '256', '192']) == 0
    shown = capsys.readouterr().out
    assert 'varying: batch' in shown
    assert [f'{batch}×3×256×192: ' in shown for batch in (1, 3)] == [True, True]


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
