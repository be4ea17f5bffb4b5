"""Conversion: whole released files give their logits in models of the configs."""

import json
import re

import pytest
import torch
from reference import Case

from mmuniformer.apis.configs import find_config
from mmuniformer.apis.conversion import Conversion
from mmuniformer.apis.model import build_model, load_model
from mmuniformer.cli import convert as command
from mmuniformer.weights import CheckpointError
from mmuniformer.weights.class_names import class_names, official_rows

for toolbox in ('mmpretrain', 'mmaction', 'mmdet', 'mmseg', 'mmpose'):
    pytest.importorskip(toolbox)

TOLERANCE = 1e-4  # of the output's standard deviation
# Case → config of the same model. The name under which a file is released tells its head_dim.
IMAGES = {
    'cls_small': ('uniformer_s_in1k', 'uniformer_small_in1k.pth'),
    'cls_small_plus': ('uniformer_s_plus_in1k', 'uniformer_small_plus_in1k.pth'),
    'cls_large_ls_tl': ('uniformer_l_tl_in1k', 'uniformer_large_ls_tl_224.pth'),
    'cls_xxs': ('uniformer_xxs_in1k_160', 'uniformer_xxs_160_in1k.pth'),
}
# Models of mini configs, and how the authors' checkpoints differ: old name, new name.
DENSE = {
    'mini_mask_rcnn_uniformer_s_h14': {},
    'mini_cascade_mask_rcnn_uniformer_s_h14': {},
    'mini_fpn_uniformer_s_h14': {},
    'mini_upernet_uniformer_s_g': {},
    'mini_td_hm_uniformer_s_128x96': {'keypoint_head.': 'head.'},
}


@pytest.fixture
def converted(tmp_path, capsys):
    """Save a released file, convert it, and give what is printed and the path of the result."""

    def convert(config, content, *options, name='released.pth', out='ours.pth'):
        torch.save(content, tmp_path / name)
        paths = [str(tmp_path / name), str(tmp_path / out)]
        command.main([*paths, '--config', config, *options])
        return capsys.readouterr().out, tmp_path / out

    return convert


@pytest.mark.parametrize('name', IMAGES)
def test_an_image_classifier_gives_its_published_logits(converted, name):
    from mmpretrain.apis import init_model

    case, (config, file) = Case(name), IMAGES[name]
    report, path = converted(f'{config}', {'model': case.state_dict()}, name=file)
    assert f'{file}: {len(case.manifest)} tensors' in report
    assert sum(map(int, re.findall(r'^(\d+) loaded', report, re.M))) == len(case.manifest)
    assert 'left out' not in report and 'WARNING' not in report
    model = init_model(str(find_config(config)), str(path))
    with torch.no_grad():
        assert max(case.output_errors([model(case.input())])) < TOLERANCE
    assert len(model._dataset_meta['classes']) == 1000
    assert sum(parameter.numel() for parameter in model.parameters()) == case.params


def test_a_video_classifier_gives_its_published_logits(converted):
    case, config = Case('video_small'), 'uniformer_s_16x4_k400'
    state = {'model_state': {f'module.{key}': v for key, v in case.state_dict().items()}}
    report, path = converted(config, state, name='uniformer_small_k400_16x4.pth')
    assert '--dataset puts them in that of mmaction2' in report
    model = load_model(config, path)
    with torch.no_grad():
        logits = model.cls_head(model.backbone(case.input()))
    assert max(case.output_errors([logits])) < TOLERANCE


def test_the_classes_of_a_video_classifier_come_in_the_order_of_mmaction2(converted):
    state = Case('video_small').state_dict()
    report, path = converted(
        'uniformer_s_16x4_k400', state, '--dataset', 'kinetics400',
        name='uniformer_small_k400_16x4.pth',
    )  # fmt: skip
    assert 'order of mmaction2: abseiling' in report
    done = torch.load(path, weights_only=True)
    rows = official_rows('kinetics400')
    assert torch.equal(done['state_dict']['cls_head.fc_cls.weight'], state['head.weight'][rows])
    assert done['meta']['dataset_meta']['classes'] == list(class_names('kinetics400'))


def test_a_light_video_classifier_keeps_both_of_its_heads(converted):
    state = Case('video_xxs').state_dict()
    _, path = converted('uniformer_xxs_8_160_k400', state, '--dataset', 'kinetics400')
    done = torch.load(path, weights_only=True)['state_dict']
    rows = official_rows('kinetics400')
    assert torch.equal(done['cls_head.fc_cls_token.bias'], state['head_cls.bias'][rows])
    assert torch.equal(done['backbone.norm_cls.weight'], state['norm_cls.weight'])
    assert len(done) == len(state)


def randomized(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return {
        key: torch.rand_like(value) if value.is_floating_point() else value
        for key, value in model.state_dict().items()
    }


@pytest.mark.parametrize('config', DENSE)
def test_an_official_checkpoint_of_a_toolbox_loads_whole(converted, config):
    model = build_model(config)
    wanted = randomized(model)
    official = {}
    for key, value in wanted.items():
        for theirs, ours in DENSE[config].items():
            key = theirs + key.removeprefix(ours) if key.startswith(ours) else key
        official[key] = value
    norms = {f'backbone.norm{i}.weight': torch.ones(2) for i in (1, 2, 3)}  # of all outputs
    official = {**norms, **official}
    content = {'meta': {'CLASSES': ('a', 'b')}, 'state_dict': official, 'optimizer': {}}
    report, path = converted(config, content, '--verbose')
    loaded = load_model(config, path).state_dict()
    assert loaded.keys() == wanted.keys()
    assert all(torch.equal(loaded[key], value) for key, value in wanted.items())
    assert len(re.findall(r'^(?:loaded|renamed|left out)  ?', report, re.M)) >= len(official)
    if 'td_hm' in config:
        assert report.count('left out backbone.norm') == 3
        assert 'renamed  keypoint_head.final_layer.bias → head.final_layer.bias' in report
    else:
        assert torch.load(path, weights_only=True)['meta']['dataset_meta']['classes']


def test_an_official_uniformerv2_loads_whole(converted):
    config = 'mini_uniformerv2_b16_16_motion'
    wanted = randomized(build_model(config))
    official = {
        key.replace('cls_head.fc_cls.', 'backbone.transformer.proj.2.').replace(
            'transformer.norm.', 'transformer.proj.0.'
        ): value
        for key, value in wanted.items()
    }
    _, path = converted(config, {'model_state': official, 'epoch': 50})
    loaded = load_model(config, path).state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in wanted.items())


@pytest.mark.parametrize(
    ('config', 'case', 'name', 'reason'),
    [
        ('uniformer_s_in1k', 'cls_small_plus', 'x.pth', 'the convolutional stem'),
        ('uniformer_l_tl_in1k', 'cls_small', 'x.pth', 'layer scale'),
        ('uniformer_s_tl_in1k', 'cls_small', 'x.pth', 'trained without token labels'),
        ('mask_rcnn_uniformer_s_h14_1x', 'cls_small', 'x.pth', 'init_cfg of the backbone'),
        ('uniformer_s_in1k', 'video_small', 'x.pth', 'it is a 3D file'),
        (
            *('uniformer_s_plus_dim64_in1k', 'cls_small_plus'),
            *('uniformer_small_plus_in1k.pth', "arch='small_plus'"),
        ),
    ],
)
def test_a_file_of_another_model_is_refused(converted, tmp_path, config, case, name, reason):
    with pytest.raises(CheckpointError, match=re.escape(reason)):
        converted(config, Case(case).state_dict(), name=name)
    assert not (tmp_path / 'ours.pth').exists()


def test_a_head_for_position_labels_is_not_lost(converted):
    state = Case('cls_small').state_dict()
    state |= {f'aux_{key}': value for key, value in state.items() if key.startswith('head.')}
    with pytest.raises(CheckpointError, match='trained with token labels'):
        converted('uniformer_s_in1k', state, name='uniformer_small_in1k.pth')


def test_safetensors_hold_the_same_tensors_and_the_config(converted):
    safetensors = pytest.importorskip('safetensors')
    from safetensors.torch import load_file

    state = Case('cls_small').state_dict()
    _, path = converted('uniformer_s_in1k', state, out='ours.safetensors')
    tensors = load_file(path)
    assert torch.equal(tensors['head.fc.weight'], state['head.weight'])
    assert len(tensors) == len(state)
    with safetensors.safe_open(path, 'pt') as file:
        meta = json.loads(file.metadata()['meta'])
    assert "arch='small'" in meta['cfg']


def test_without_the_safetensors_package_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__('sys').modules, 'safetensors.torch', None)
    done = Conversion(state={}, meta={}, names={}, left_out={}, added=[])
    with pytest.raises(ImportError, match='pip install safetensors'):
        done.save(tmp_path / 'ours.safetensors')


def test_nothing_is_written_over_unless_forced(converted, tmp_path):
    (tmp_path / 'ours.pth').write_text('mine')
    state = Case('cls_small').state_dict()
    with pytest.raises(FileExistsError, match='exists already'):
        converted('uniformer_s_in1k', state)
    assert (tmp_path / 'ours.pth').read_text() == 'mine'
    _, path = converted('uniformer_s_in1k', state, '--force')
    assert len(torch.load(path, weights_only=True)['state_dict']) == len(state)


def test_a_converted_file_tells_its_head_dim_to_init_cfg(converted, tmp_path):
    from mmuniformer.models import UniFormer
    from mmuniformer.weights import load_backbone

    state = Case('cls_small').state_dict()
    _, path = converted('uniformer_s_in1k', state, name='uniformer_small_in1k.pth')
    assert load_backbone(UniFormer(arch='small'), path).warning == ''
    with pytest.raises(CheckpointError, match="choose arch='small'"):
        load_backbone(UniFormer(arch='small_dim32'), path)
