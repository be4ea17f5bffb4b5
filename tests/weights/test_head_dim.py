"""Heads of 32 and of 64 channels have the same shapes: files are told apart by other means."""

import logging

import pytest
import torch
from reference import Case

from mmuniformer.models import UniFormer, UniFormerLight
from mmuniformer.weights import CheckpointError, load_backbone, zoo


def head_dim_file(tmp_path, name: str, **beside) -> str:
    """The small classifier, whose shapes fit heads of 32 and of 64 channels."""
    path = tmp_path / name
    torch.save({'state_dict': Case('cls_small').state_dict(), **beside}, path)
    return str(path)


@pytest.mark.parametrize(
    ('name', 'arch', 'right'),
    [
        ('uniformer_small_in1k.pth', 'small_dim32', 'small'),
        ('uniformer_small_tl_224.pth', 'small', 'small_dim32'),
        ('uniformer_small_dim64_tl_224.pth', 'small_dim32', 'small'),
    ],
)
def test_a_released_file_with_other_heads_is_refused_by_its_name(tmp_path, name, arch, right):
    net = UniFormer(arch=arch)
    before = net.blocks1[0].conv1.weight.clone()
    path = head_dim_file(tmp_path, name)
    with pytest.raises(CheckpointError, match=f"is the released .*choose arch='{right}'"):
        load_backbone(net, path)
    assert torch.equal(net.blocks1[0].conv1.weight, before)
    assert load_backbone(UniFormer(arch=right), path).warning == ''


def test_a_renamed_released_file_is_known_by_its_hash(tmp_path, monkeypatch):
    path = head_dim_file(tmp_path, 'mine.pth')
    known = zoo.find('uniformer_base_tl_224')
    monkeypatch.setattr('mmuniformer.weights.read.identify', lambda path: known)
    with pytest.raises(CheckpointError, match='is the released uniformer_base_tl_224'):
        load_backbone(UniFormer(), path)


@pytest.mark.parametrize(
    'beside',
    [
        {'meta': {'cfg': "model = dict(backbone=dict(arch='small_dim32', type='UniFormer'))"}},
        {'meta': {'config': 'model = dict(backbone=dict(embed_dim=[64], head_dim=32))'}},
        {'cfg': 'UNIFORMER:\n  EMBED_DIM: [64]\n  HEAD_DIM: 32\n'},
    ],
    ids=['mmengine', 'mmcv', 'slowfast'],
)
def test_a_file_that_a_training_wrote_tells_its_heads(tmp_path, beside):
    path = head_dim_file(tmp_path, 'epoch_300.pth', **beside)
    assert load_backbone(UniFormer(arch='small_dim32'), path).warning == ''
    with pytest.raises(CheckpointError, match="by its config.* 32 .*choose arch='small_dim32'"):
        load_backbone(UniFormer(), path)


@pytest.mark.parametrize('name', ['mine.pth', 'uniformer_small_in1k.pth'])
def test_where_nothing_tells_the_heads_one_line_warns(tmp_path, monkeypatch, name):
    logged = []
    monkeypatch.setattr(
        'mmuniformer.models.mm_backbone.print_log',
        lambda text, logger, level=logging.INFO: logged.append((level, text)),
    )
    path = head_dim_file(tmp_path, name)
    UniFormer(init_cfg=dict(type='Pretrained', checkpoint=path)).init_weights()
    ((level, text),) = logged
    doubts = [line for line in text.splitlines() if 'WARNING' in line]
    if name == 'mine.pth':
        assert level == logging.WARNING
        assert len(doubts) == 1 and "64. If the file is one of 'small_dim32'" in doubts[0]
    else:
        assert level == logging.INFO and doubts == []


def test_no_line_warns_where_only_one_size_of_heads_was_released(tmp_path):
    tiny = UniFormer(arch=dict(depths=(1, 1, 1, 1), dims=(16, 24, 32, 48), head_dim=16))
    for net in (UniFormerLight(), tiny):
        torch.save(net.state_dict(), tmp_path / 'mine.pth')
        assert load_backbone(net, tmp_path / 'mine.pth').warning == ''
