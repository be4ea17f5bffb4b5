"""Exported files answer as the models do, at sizes and batches that were not traced."""

import pytest
import torch
from mmengine.config import Config
from tiny_v2 import randomised

from mmuniformer.apis import export, exporting
from mmuniformer.apis.exporting import FORMATS, Exportable
from mmuniformer.apis.exporting.check import compare
from mmuniformer.apis.exporting.formats import make_runner, write
from mmuniformer.cli.export import main
from mmuniformer.models import UniFormer, UniFormer3D

onnxruntime = pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')
pytest.importorskip('onnxscript')

ARCH = {'dims': (8, 16, 24, 32), 'head_dim': 8, 'depths': (1, 1, 1, 1)}
ARCH_V2 = {'depth': 2, 'dim': 16, 'head_dim': 8, 'global_head_dim': 8, 'image_size': 32}
ARCH_V2 |= {'patch_size': 8}


def worst(item, file, file_format, shapes) -> float:
    write(item, file, file_format)
    compared = compare(make_runner(item.net), FORMATS[file_format].open(file), shapes)
    return max(comparison.difference for comparison in compared)


def backbone_item(net, size=(64, 64), varying=True, **facts):
    axes = {0: 'batch', 2: 'height', 3: 'width'} if varying else {0: 'batch'}
    return Exportable(net.eval(), axes, [], size, None, {'mean': '1, 2, 3'}, **facts)


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


def test_an_onnx_backbone_takes_every_size_and_batch(tmp_path):
    """Stage 3 attends in windows, stage 4 globally."""
    torch.manual_seed(0)
    net = UniFormer(arch=ARCH, attention='window', window_size=3)
    assert [net.stage(number)[1][0].window_size for number in (2, 3)] == [3, None]
    item = backbone_item(net)
    # Smaller than a window, whole windows, a rest on one side, on both.
    shapes = [(1, 3, 32, 32), (3, 3, 96, 144), (2, 3, 48, 111), (1, 3, 131, 77)]
    assert worst(item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4
    assert names_of_axes(tmp_path / 'net.onnx') == ['batch', 3, 'height', 'width']
    model = onnx.load(tmp_path / 'net.onnx')
    assert {prop.key: prop.value for prop in model.metadata_props}['mean'] == '1, 2, 3'


def test_an_onnx_vit_takes_every_number_of_whole_patches(tmp_path):
    """Positions are resized in the file: to fewer, to more, to those they are learned for."""
    net = randomised(arch=ARCH_V2, out_indices=(1,))
    item = backbone_item(net, multiple=8)
    shapes = [(1, 3, 32, 32), (3, 3, 16, 24), (2, 3, 104, 64), (1, 3, 40, 160)]
    assert worst(item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4
    assert names_of_axes(tmp_path / 'net.onnx') == ['batch', 3, 'height', 'width']


def test_a_vit_of_one_size_takes_every_batch_as_a_program(tmp_path):
    net = randomised(arch=ARCH_V2, global_layers=(0, 1))
    item = backbone_item(net, (40, 64), varying=False)
    shapes = [(batch, 3, 40, 64) for batch in (1, 2, 5)]
    assert worst(item, tmp_path / 'net.pt2', 'torch_export', shapes) < 1e-6


def test_a_program_of_torch_export_takes_sizes_from_64(tmp_path):
    torch.manual_seed(0)
    item = backbone_item(UniFormer(arch=ARCH, out_indices=3, out_norm='batch'))
    shapes = [(1, 3, 64, 64), (3, 3, 65, 97), (2, 3, 224, 131)]
    assert worst(item, tmp_path / 'net.pt2', 'torch_export', shapes) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize('attention', ['joint', 'divided'])
def test_an_onnx_net_of_clips_takes_every_batch(attention, tmp_path):
    torch.manual_seed(0)
    net = UniFormer3D(arch=ARCH, attention=attention)
    item = backbone_item(net, (8, 64, 96), varying=False)
    shapes = [(batch, 3, 8, 64, 96) for batch in (1, 2, 5)]
    assert worst(item, tmp_path / 'net.onnx', 'onnx', shapes) < 1e-4


def test_a_file_that_differs_from_the_model_is_found_and_fails_the_command(
    tmp_path, repo_root, monkeypatch, capsys
):
    """The model is changed after it was exported: the check has to see it."""
    pytest.importorskip('mmpretrain')

    def write_and_change(item, file, file_format):
        write(item, file, file_format)
        with torch.no_grad():
            item.net.head.fc.weight[0, 0] += 0.1

    monkeypatch.setattr(exporting, 'write', write_and_change)
    config = small_config(repo_root, tmp_path)
    words = [str(config), 'random', '--out', str(tmp_path / 'c.onnx'), '--fixed-size', '64', '64']
    assert main(words) == 1
    assert 'DIFFERS by more than 0.0001' in capsys.readouterr().out


def test_simcc_takes_every_batch_at_its_own_size(tmp_path, repo_root, capsys):
    pytest.importorskip('mmpose')
    config = small_config(repo_root, tmp_path, 'pose/rtmpose_uniformer_s_256x192.py')
    out = tmp_path / 'net.pt2'
    for size, message in (
        (None, 'RTMCCHead is made for one size of maps; give a fixed size'),
        ((192, 256), 'the head is made for 256 192 alone, got 192 256'),
    ):
        with pytest.raises(ValueError, match=message):
            export(config, 'random', out, format='torch_export', fixed_size=size)
    words = [str(config), 'random', '--out', str(out), '--format', 'torch_export']
    assert main([*words, '--fixed-size', '256', '192']) == 0
    shown = capsys.readouterr().out
    assert 'varying: batch' in shown
    assert [f'{batch}×3×256×192: ' in shown for batch in (1, 3)] == [True, True]


def test_a_report_says_what_was_written_and_times_both(tmp_path, repo_root):
    pytest.importorskip('mmpretrain')
    config = small_config(repo_root, tmp_path)
    out = tmp_path / 'c.pt2'
    report = export(config, 'random', out, format='torch_export', fixed_size=(64, 96), fuse=True)
    assert report.agrees and len(report.comparisons) == 2
    assert report.input_shape == (1, 3, 64, 96)
    assert report.megabytes == out.stat().st_size / 1e6
    threads = torch.get_num_threads()
    assert min(report.measure(rounds=1).values()) > 0
    assert torch.get_num_threads() == threads


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
def test_models_of_the_toolboxes_export_whole(toolbox, config, tmp_path, repo_root, capsys):
    pytest.importorskip(toolbox)
    words = [str(repo_root / 'configs' / config), 'random', '--out', str(tmp_path / 'model.onnx')]
    assert main([*words, '--fuse', '--measure', '--rounds', '1']) == 0
    shown = capsys.readouterr().out
    assert 'DIFFERS' not in shown and shown.count('agrees') >= 2
    assert 'onnxruntime' in shown
