"""Parts of blocks that a file may lack: on request, or where an image file is inflated."""

import pytest
import torch
from small_nets import LIGHT, SCALED, classifier, save, video_net

from mmuniformer.models import UniFormerLight, UniFormerLight3D
from mmuniformer.weights import CheckpointError, load_backbone


def test_layer_scale_that_a_file_lacks_is_new_on_request_and_keeps_its_initial_value(tmp_path):
    source = classifier()
    path, net = save(tmp_path, source.state_dict()), classifier(arch=SCALED)
    with pytest.raises(CheckpointError, match=r"lacks layer scale .*allow_new=\['layer_scale'\]"):
        load_backbone(net, path)
    report = load_backbone(net, path, allow_new=['layer_scale'])
    assert len(report.initialized) == 2 * 8 and all('gamma' in name for name in report.initialized)
    assert '  initialized, not in the file (expected): 16 in blocks1.0, blocks2.0, ' in str(report)
    assert report.coverage == 1 and not report.missing_keys
    assert torch.equal(net.blocks3[1].gamma_2, torch.full((32,), 0.1))
    assert torch.equal(net.blocks3[1].attn.qkv.weight, source.blocks3[1].attn.qkv.weight)


@pytest.mark.parametrize(
    ('image', 'video'),
    [
        (classifier, lambda: video_net(arch=SCALED)),
        (
            lambda: UniFormerLight(arch=LIGHT),
            lambda: UniFormerLight3D(arch={**LIGHT, 'layer_scale': 0.1}),
        ),
    ],
)
def test_an_image_file_without_layer_scale_starts_a_video_net_with_it(image, video, tmp_path):
    net = video()
    report = load_backbone(net, save(tmp_path, image().state_dict()))
    scales = {name for name, _ in net.named_parameters() if 'gamma' in name}
    assert scales and scales <= set(report.initialized)
    assert {name.split('.')[0] for name in set(report.initialized) - scales} <= {'norm', 'norm_cls'}
    assert report.inflated and report.coverage == 1


def test_an_image_file_starts_divided_attention_and_time_is_new(tmp_path):
    net = video_net(attention='divided')
    report = load_backbone(net, save(tmp_path, classifier().state_dict()))
    assert {name.split('.')[2] for name in report.initialized} == {'t_norm', 't_attn'}
    assert len(report.initialized) == 5 * 6 and not report.missing_keys


def test_a_joint_video_file_starts_divided_attention_on_request_alone(tmp_path):
    path, net = (
        save(tmp_path, video_net().state_dict()),
        video_net(attention='divided'),
    )
    with pytest.raises(CheckpointError, match=r"use attention='joint', or .*'temporal_attention'"):
        load_backbone(net, path)
    with pytest.raises(CheckpointError, match='lacks divided attention'):
        load_backbone(net, path, allow_new=['layer_scale'])
    report = load_backbone(net, path, allow_new=['temporal_attention'])
    assert len(report.initialized) == 5 * 6 and not report.inflated


def test_what_is_new_excuses_nothing_else_that_is_missing(tmp_path):
    half = {k: v for k, v in classifier().state_dict().items() if 'blocks3' not in k}
    with pytest.raises(CheckpointError, match=r'its depths are \(1, 2, 0, 1\)'):
        load_backbone(video_net(arch=SCALED), save(tmp_path, half))


def test_files_of_other_forms_are_refused_by_name(tmp_path):
    path = save(tmp_path, video_net(attention='divided').state_dict())
    with pytest.raises(CheckpointError, match=r"use UniFormer3D\(attention='divided'\)"):
        load_backbone(video_net(), path)
    path = save(tmp_path, classifier().state_dict())
    with pytest.raises(CheckpointError, match='it has position embeddings; choose arch dpe'):
        load_backbone(classifier(arch={'dpe': False}), path)
    with pytest.raises(CheckpointError, match=r'\(16, 1, 5, 5\) in the file, \(16, 1, 7, 7\) in'):
        load_backbone(classifier(arch={'local_kernel': 7}), path)


def test_init_cfg_hands_the_request_on(tmp_path):
    path = save(tmp_path, classifier().state_dict())
    init_cfg = {'type': 'Pretrained', 'checkpoint': path, 'allow_new': ['layer_scale']}
    net = classifier(arch=SCALED, init_cfg=init_cfg)
    net.init_weights()
    assert torch.equal(net.blocks1[0].conv1.weight, torch.load(path)['blocks1.0.conv1.weight'])


def test_a_part_that_there_is_not_is_refused(tmp_path):
    path = save(tmp_path, classifier().state_dict())
    with pytest.raises(ValueError, match=r"\['heads'\] are none of \('layer_scale', 'temporal_at"):
        load_backbone(classifier(), path, allow_new=['heads'])
    with pytest.raises(TypeError, match="allow_new is a sequence of parts, got 'layer_scale'"):
        load_backbone(classifier(), path, allow_new='layer_scale')
