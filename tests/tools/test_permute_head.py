"""tools/permute_head.py: released heads with their classes in the order of mmaction2."""

import pytest
import torch
from tool_modules import load_tool

from mmuniformer.models import UniFormer3D, UniFormerLight3D
from mmuniformer.weights import CheckpointError
from mmuniformer.weights.class_names import class_names

permute_head = load_tool('permute_head')
CLIP = torch.linspace(-2, 2, 2 * 3 * 4 * 32 * 32).view(2, 3, 4, 32, 32).sin()


def released(classes: int, light: bool = False) -> dict:
    """A small net as the authors write theirs: bare names, ``head`` behind the mean."""
    torch.manual_seed(0)
    if light:
        net = UniFormerLight3D(arch=dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64), head_dim=16))
    else:
        net = UniFormer3D(arch=dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64), head_dim=16))
    heads = {'head.weight': torch.randn(classes, 64), 'head.bias': torch.randn(classes)}
    if light:
        heads |= {f'head_cls.{key[5:]}': value + 1 for key, value in heads.items()}
        heads |= {'norm_cls.weight': torch.ones(64), 'norm_cls.bias': torch.zeros(64)}
    return {**net.state_dict(), **heads}


@pytest.mark.parametrize(
    ('dataset', 'classes'), [('kinetics400', 400), ('kinetics600', 600), ('sthv2', 174)]
)
def test_scores_come_out_under_the_names_they_belong_to(dataset, classes):
    pytest.importorskip('mmaction')
    from mmengine.registry import MODELS, DefaultScope

    state = released(classes)
    arch = dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64), head_dim=16)
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(
            dict(
                type='Recognizer3D',
                backbone=dict(type='UniFormer3D', arch=arch),
                cls_head=dict(
                    type='I3DHead', num_classes=classes, in_channels=64, dropout_ratio=0.0
                ),
            )
        ).eval()
    checkpoint = permute_head.permute(state, dataset).checkpoint
    model.load_state_dict(checkpoint['state_dict'])
    with torch.no_grad():
        features = model.backbone(CLIP)
        theirs = features.mean((2, 3, 4)) @ state['head.weight'].T + state['head.bias']
        ours = model.cls_head(features)
    assert checkpoint['meta']['dataset_meta']['classes'] == list(class_names(dataset))

    def plain(name: str) -> str:
        return name.lower().replace('[', '').replace(']', '').replace('"', '').replace(',', '')

    official = {plain(name): row for row, name in enumerate(class_names(dataset, 'official'))}
    found = 0
    for index, name in enumerate(class_names(dataset)):
        if plain(name) in official:
            assert torch.allclose(ours[:, index], theirs[:, official[plain(name)]], atol=1e-5)
            found += 1
    assert found > 0.8 * classes


def test_every_tensor_is_accounted_for(tmp_path, capsys):
    path, out = tmp_path / 'released.pth', tmp_path / 'ours.pth'
    state = released(400, light=True)
    torch.save({'model_state': {f'module.{key}': value for key, value in state.items()}}, path)
    permute_head.main([str(path), 'kinetics400', '--out', str(out)])
    report = capsys.readouterr().out
    assert f'{len(state) - 6} tensors of the backbone kept' in report
    assert '400 rows of the head, 400 of them moved' in report
    assert 'head_cls.weight' in report and 'norm_cls.bias' in report
    written = torch.load(out, weights_only=True)['state_dict']
    assert len(written) == len(state) - 4
    for key in state:
        if not key.startswith(('head', 'norm_cls')):
            assert torch.equal(written[f'backbone.{key}'], state[key])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: {**s, 'decoder.weight': torch.zeros(1)}, 'without a place decoder.weight'),
        (lambda s: {k: v for k, v in s.items() if 'head' not in k}, 'has no head.weight'),
        (lambda s: {**s, 'head.weight': s['head.weight'][:174]}, '174 rows and .* 400 classes'),
        (lambda s: {f'backbone.{k}': v for k, v in s.items()}, 'use it as it is'),
        (lambda s: {k: v for k, v in s.items() if 'head' in k}, 'not a video UniFormer'),
    ],
)
def test_a_file_that_is_not_a_released_classifier_is_refused(change, message):
    with pytest.raises(CheckpointError, match=message):
        permute_head.permute(change(released(400)), 'kinetics400')


def test_nothing_is_overwritten_and_a_missing_file_is_named(tmp_path, capsys):
    out = tmp_path / 'ours.pth'
    with pytest.raises(SystemExit, match='2'):
        permute_head.main([str(tmp_path / 'none.pth'), 'kinetics400', '--out', str(out)])
    assert 'none.pth does not exist' in capsys.readouterr().err
    out.write_text('mine')
    with pytest.raises(SystemExit, match='2'):
        permute_head.main([str(tmp_path / 'none.pth'), 'kinetics400', '--out', str(out)])
    assert 'is there already' in capsys.readouterr().err
    assert out.read_text() == 'mine'
