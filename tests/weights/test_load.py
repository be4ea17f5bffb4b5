"""Every layout a published file may have loads; every file that does not belong is refused."""

import argparse
import hashlib
import logging
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from http_site import Site
from mmengine.logging import HistoryBuffer
from reference import Case
from small_nets import (
    classifier,
    copied,
    image_net,
    prefixed,
    save,
    trained_state,
    video_net,
)

from mmuniformer.models import UniFormer
from mmuniformer.weights import CheckpointError, load_backbone

HEADS = {'head.weight': torch.ones(10, 48), 'head.bias': torch.ones(10)}
NORMS = {f'norm{i}.{leaf}' for i in (1, 2, 3, 4) for leaf in ('weight', 'bias')}


def layouts(state: dict, heads: dict) -> dict:
    """The forms in which released files and those of the toolboxes hold their tensors."""
    plain = {**state, **heads}
    toolbox = {**prefixed(state, 'backbone.'), 'neck.conv.weight': torch.ones(2)}
    history = HistoryBuffer([0.5, 0.25], [1, 1])
    meta = {'epoch': 12, 'CLASSES': ('cat', 'dog'), 'mmengine_version': '0.10.7'}
    return {
        'raw': plain,
        'raw ordered': OrderedDict(plain),
        'model': {'model': plain, 'epoch': 299, 'args': argparse.Namespace(lr=5e-4)},
        'model_state': {'model_state': plain, 'epoch': 110, 'cfg': 'TRAIN:\n  ENABLE: true'},
        'state_dict': {'state_dict': plain, 'arch': 'uniformer', 'metric': 83.4},
        'module.': {'model': prefixed(plain, 'module.')},
        'mmdet': {'meta': meta, 'state_dict': toolbox, 'message_hub': {'loss': history}},
        'mmdet distributed': {'meta': meta, 'state_dict': prefixed(toolbox, 'module.')},
        'mmpose': {'state_dict': {**toolbox, 'keypoint_head.final_layer.bias': torch.ones(17)}},
        'mmaction2': {'state_dict': {**toolbox, 'cls_head.fc_cls.bias': torch.ones(400)}},
    }


@pytest.mark.parametrize('layout', layouts({}, {}))
def test_every_published_layout_loads_a_classifier_exactly(layout, tmp_path):
    state = trained_state(classifier())
    net = classifier()
    report = load_backbone(net, save(tmp_path, layouts(state, HEADS)[layout]))
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
    assert report.coverage == 1 and not report.missing_keys and not report.unexpected_keys
    assert set(report.heads) | set(report.other_parts)


def test_a_classification_file_starts_a_dense_net_with_new_output_norms(tmp_path):
    state = trained_state(classifier())
    net = image_net()
    report = load_backbone(net, save(tmp_path, {'model': {**state, **HEADS}}))
    assert set(report.initialized) == NORMS
    assert {key.split('.')[0] for key in report.heads} == {'norm', 'head'}
    loaded = [key for key in net.state_dict() if key not in NORMS]
    assert all(torch.equal(net.state_dict()[key], state[key]) for key in loaded)
    assert len(report.loaded) == sum(not key.endswith('tracked') for key in loaded)


def test_a_dense_file_serves_another_attention_pattern_and_fewer_outputs(tmp_path):
    state = trained_state(image_net())
    net = image_net(attention='hybrid', window_size=4, out_indices=(3,))
    report = load_backbone(net, save(tmp_path, state))
    assert report.coverage == 1 and not report.initialized
    assert {key.split('.')[0] for key in report.heads} == {'norm1', 'norm2', 'norm3'}
    assert torch.equal(net.norm4.weight, state['norm4.weight'])


def test_the_released_small_file_fills_all_of_a_dense_small(tmp_path):
    case = Case('cls_small')
    net = UniFormer()
    report = load_backbone(net, save(tmp_path, {'model': case.state_dict()}))
    # The file's norm (4 tensors and a counter) and head (2) are left out; 14 counters don't count.
    assert len(report.loaded) + 14 == len(case.manifest) - 7
    assert torch.equal(
        net.blocks4[2].attn.qkv.weight, case.state_dict()['blocks4.2.attn.qkv.weight']
    )


@pytest.mark.parametrize('inflation', ['average', 'center'])
def test_an_image_file_is_inflated_for_a_video_net(inflation, tmp_path):
    state = trained_state(classifier())
    net = video_net()
    report = load_backbone(net, save(tmp_path, state), inflation=inflation)
    assert report.coverage == 1
    assert len(report.inflated) == sum(value.ndim == 4 for value in state.values())
    for key in report.inflated:
        torch.testing.assert_close(net.state_dict()[key].sum(2), state[key])
    middle = net.patch_embed1.proj.weight[:, :, 1]
    share = 1 if inflation == 'center' else 1 / 3
    torch.testing.assert_close(middle, share * state['patch_embed1.proj.weight'])


def wrong_files() -> dict:
    small = trained_state(classifier())
    deeper = trained_state(image_net(arch={'depths': (2, 2, 5, 1)}))
    wider = trained_state(image_net(arch={'dims': (16, 24, 32, 64)}))
    light = {**small, 'cls_token': torch.ones(1, 1, 32), 'cls_upsample.weight': torch.ones(48, 32)}
    v2 = {'backbone.transformer.resblocks.0.ln_1.weight': torch.ones(768)}
    half = {key: value for key, value in small.items() if not key.startswith('blocks3')}
    scaled = trained_state(image_net(arch={'layer_scale': 1e-6}))
    return {
        'other depths': (deeper, r'its depths are \(2, 2, 5, 1\) and the net has \(1, 2, 4, 1\)'),
        'other width': (
            wider,
            r'widths are \(16, 24, 32, 64\).*patch_embed4.norm.weight: \(64,\) in the file',
        ),
        'light': (light, 'light .hourglass. UniFormer; use UniFormerLight'),
        'V2': (v2, 'UniFormerV2 or CLIP file'),
        'stem': (
            trained_state(image_net(arch={'stem': 'conv'})),
            'has the convolutional stem of small_plus',
        ),
        'layer scale': (scaled, r'has layer scale \(base_ls, large_ls\)'),
        '3D': (trained_state(video_net()), 'it is a 3D file and the net is 2D'),
        'half': (half, 'missing: blocks3.0'),
        'foreign': ({'conv1.weight': torch.ones(64, 3, 7, 7)}, 'not a UniFormer backbone.*conv1'),
        'a list': ([torch.ones(3)], 'it holds a list, not a dict of tensors'),
        'no tensors': ({'epoch': 3}, 'holds no tensors by name.*its keys: epoch'),
        'empty': ({}, 'its keys: none'),
    }


@pytest.mark.parametrize('name', wrong_files())
def test_a_wrong_file_is_refused_by_name_and_the_net_left_untouched(name, tmp_path):
    content, message = wrong_files()[name]
    net = image_net()
    before = copied(net.state_dict())
    path = save(tmp_path, content)
    with pytest.raises(CheckpointError, match=f'(?s){message}') as caught:
        load_backbone(net, path)
    assert path in str(caught.value)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_a_refusal_names_the_first_keys_of_the_file(tmp_path):
    path = save(tmp_path, {'conv1.weight': torch.ones(1), 'bn1.bias': torch.ones(1)})
    with pytest.raises(CheckpointError, match='first names in the file: conv1.weight, bn1.bias'):
        load_backbone(image_net(), path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere.pth does not exist'):
        load_backbone(image_net(), tmp_path / 'nowhere.pth')
    with pytest.raises(FileNotFoundError, match='is not a file'):
        load_backbone(image_net(), tmp_path)


def test_an_explicit_prefix_is_used_and_a_wrong_one_refused(tmp_path):
    state = trained_state(classifier())
    path = save(tmp_path, prefixed(state, 'model.encoder.'))
    with pytest.raises(CheckpointError, match='give init_cfg a prefix'):
        load_backbone(classifier(), path)
    net = classifier()
    assert load_backbone(net, path, prefix='model.encoder').coverage == 1
    assert torch.equal(net.norm.bias, state['norm.bias'])
    with pytest.raises(CheckpointError, match="no name in it begins with 'encoder.'"):
        load_backbone(net, path, prefix='encoder.')


def test_init_cfg_loads_and_logs_every_key(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(
        'mmuniformer.models.mm_backbone.print_log', lambda text, *_, **__: lines.append(text)
    )
    state = trained_state(classifier())
    path = save(tmp_path, {'model': {**state, **HEADS}})
    net = image_net(init_cfg={'type': 'Pretrained', 'checkpoint': path})
    net.init_weights()
    assert net.is_init
    assert torch.equal(net.blocks1[0].conv1.weight, state['blocks1.0.conv1.weight'])
    wanted = sum(not key.endswith('tracked') for key in net.state_dict()) - len(NORMS)
    assert lines == [
        f'{path}: {wanted} of {wanted} backbone tensors loaded\n'
        '  initialized, not in the file (expected): 8 in norm1, norm2, norm3, norm4\n'
        '  heads left out (expected): 7 in norm, head'
    ]


def test_a_few_tensors_missing_are_logged_as_a_warning(tmp_path, monkeypatch):
    levels = []
    monkeypatch.setattr(
        'mmuniformer.models.mm_backbone.print_log',
        lambda *_, level=logging.INFO, **__: levels.append(level),
    )
    state = trained_state(classifier())
    del state['blocks1.0.norm1.bias']
    net = classifier(init_cfg={'type': 'Pretrained', 'checkpoint': save(tmp_path, state)})
    net.init_weights()
    assert levels == [logging.INFO, logging.WARNING]


def test_init_cfg_refuses_what_it_does_not_know(tmp_path):
    net = image_net(init_cfg={'type': 'Pretrained', 'checkpoint': 'x.pth', 'strict': False})
    with pytest.raises(TypeError, match=r"prefix, inflation and allow_new, not \['strict'\]"):
        net.init_weights()


def test_a_url_is_fetched_once_and_held_to_the_hash_in_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    content = Path(save(tmp_path, trained_state(classifier()))).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:8]
    with Site(content, f'/small-{digest}.pth', '/small-00000000.pth') as site:
        for _ in range(2):
            assert load_backbone(classifier(), f'{site.url}/small-{digest}.pth').coverage == 1
        assert len(site.asked) == 1
        with pytest.raises(CheckpointError, match='hash'):
            load_backbone(classifier(), f'{site.url}/small-00000000.pth')
        with pytest.raises(CheckpointError, match='could not be downloaded.*or put it at'):
            load_backbone(classifier(), f'{site.url}/absent.pth')
