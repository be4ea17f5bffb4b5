"""Permuting heads: released heads with their classes in the order of mmaction2."""

import re

import pytest
import torch
from reference import Case

from mmuniformer.apis import conversion
from mmuniformer.cli import permute_head
from mmuniformer.models import UniFormer3D, UniFormerLight3D
from mmuniformer.weights import CheckpointError
from mmuniformer.weights.class_names import class_names, k710_rows, official_rows

TINY = dict(depths=(1, 1, 1, 1), dims=(16, 32, 64, 64), head_dim=16)
CLIP = torch.linspace(-2, 2, 2 * 3 * 4 * 32 * 32).view(2, 3, 4, 32, 32).sin()


def released(classes: int, light: bool = False) -> dict:
    """A small net as the authors write theirs: bare names, ``head`` after the mean."""
    torch.manual_seed(0)
    net = (UniFormerLight3D if light else UniFormer3D)(arch=TINY)
    heads = {'head.weight': torch.randn(classes, 64), 'head.bias': torch.randn(classes)}
    if light:
        heads |= {f'head_cls.{key[5:]}': value + 1 for key, value in heads.items()}
        heads |= {'norm_cls.weight': torch.ones(64), 'norm_cls.bias': torch.zeros(64)}
    return {**net.state_dict(), **heads}


def build_recognizer(backbone: str, arch: dict, **head) -> torch.nn.Module:
    pytest.importorskip('mmaction')
    from mmengine.registry import MODELS, DefaultScope

    with DefaultScope.overwrite_default_scope('mmaction'):
        return MODELS.build(
            dict(type='Recognizer3D', backbone=dict(type=backbone, arch=arch), cls_head=head)
        ).eval()


@pytest.mark.parametrize(
    ('dataset', 'classes'),
    [('kinetics400', 400), ('kinetics600', 600), ('sthv1', 174), ('sthv2', 174)],
)
def test_scores_come_out_under_the_names_they_belong_to(dataset, classes):
    state = released(classes)
    model = build_recognizer(
        'UniFormer3D', TINY, type='I3DHead', num_classes=classes, in_channels=64, dropout_ratio=0.0
    )
    checkpoint = conversion.permute_head(state, dataset).checkpoint
    model.load_state_dict(checkpoint['state_dict'])
    with torch.no_grad():
        features = model.backbone(CLIP)
        theirs = features.mean((2, 3, 4)) @ state['head.weight'].T + state['head.bias']
        ours = model.cls_head(features)
    assert checkpoint['meta']['dataset_meta']['classes'] == list(class_names(dataset))

    def plain(name: str) -> str:
        return re.sub(r'[\[\]",]', '', name.lower())

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
    assert f'{len(state) - 4} tensors of the backbone kept' in report
    assert '400 rows of head and head_cls, 400 of them moved' in report
    written = torch.load(out, weights_only=True)['state_dict']
    assert len(written) == len(state)
    rows = official_rows('kinetics400')
    for key in state:
        if not key.startswith('head'):
            assert torch.equal(written[f'backbone.{key}'], state[key])
    for theirs, ours in (('head', 'fc_cls'), ('head_cls', 'fc_cls_token')):
        for leaf in ('weight', 'bias'):
            moved = state[f'{theirs}.{leaf}'][rows]
            assert torch.equal(written[f'cls_head.{ours}.{leaf}'], moved)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: {**s, 'decoder.weight': torch.zeros(1)}, 'without a place decoder.weight'),
        (lambda s: {k: v for k, v in s.items() if 'head' not in k}, 'has no head.weight'),
        (lambda s: {**s, 'head.weight': s['head.weight'][:174]}, '174 rows and .* 400 classes'),
        (lambda s: {f'backbone.{k}': v for k, v in s.items()}, 'use it as it is'),
        (lambda s: {k: v for k, v in s.items() if 'head' in k}, 'not a video UniFormer'),
        (lambda s: {**s, 'head_cls.weight': s['head.weight']}, 'has no head_cls.bias'),
    ],
)
def test_a_file_that_is_not_a_released_classifier_is_refused(change, message):
    with pytest.raises(CheckpointError, match=message):
        conversion.permute_head(change(released(400)), 'kinetics400')


def test_nothing_is_overwritten_and_a_missing_file_is_named(tmp_path):
    arguments = [str(tmp_path / 'none.pth'), 'kinetics400', '--out', str(tmp_path / 'ours.pth')]
    with pytest.raises(FileNotFoundError, match=r'none.pth does not exist'):
        permute_head.main(arguments)
    (tmp_path / 'ours.pth').write_text('mine')
    with pytest.raises(FileExistsError, match='exists already'):
        permute_head.main(arguments)
    assert (tmp_path / 'ours.pth').read_text() == 'mine'


SIZES = {'k400': 400, 'k600': 600, 'k700': 700, 'k710': 710}
LONG = {short: short.replace('k', 'kinetics') for short in SIZES}


def recognizer(classes: int) -> torch.nn.Module:
    """A small UniFormerV2 as the configs build it."""
    arch = dict(depth=2, dim=32, head_dim=8, patch_size=8, image_size=32, global_head_dim=8)
    torch.manual_seed(2)
    return build_recognizer(
        'UniFormerV2', arch, type='TimeSformerHead', num_classes=classes, in_channels=32
    )


def scores(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model.cls_head(model.backbone(CLIP))


def as_official(state: dict) -> dict:
    """The same tensors under the names of the authors' files."""
    return {
        key.replace('cls_head.fc_cls.', 'backbone.transformer.proj.2.').replace(
            'backbone.transformer.norm.', 'backbone.transformer.proj.0.'
        ): value
        for key, value in state.items()
    }


def slice_numbered(classes: str, old: str, new: str) -> torch.Tensor:
    """Slice an official head whose bias is the number of its row; return the new bias."""
    state = as_official(recognizer(SIZES[classes]).state_dict())
    state['backbone.transformer.proj.2.bias'] = torch.arange(float(SIZES[classes]))
    wrapped = {'model_state': {f'module.{key}': value for key, value in state.items()}}
    sliced = conversion.slice_head(wrapped, old, new)
    return sliced.checkpoint['state_dict']['cls_head.fc_cls.bias']


@pytest.mark.parametrize('dataset', ['k400', 'k600', 'k700'])
def test_a_head_cut_down_from_the_710_classes_scores_as_the_whole_one(dataset, tmp_path, capsys):
    whole, part = recognizer(710), recognizer(SIZES[dataset])
    for parameter in whole.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    torch.save({'meta': {}, 'state_dict': whole.state_dict()}, tmp_path / 'k710.pth')
    arguments = [str(tmp_path / 'k710.pth'), '--from', 'k710', '--to', dataset]
    permute_head.main([*arguments, '--out', str(tmp_path / 'part.pth')])
    tensors = len(whole.state_dict()) - 2
    report = f'{tensors} tensors kept\n{SIZES[dataset]} of the 710 rows of the head taken, by name'
    assert report in capsys.readouterr().out
    checkpoint = torch.load(tmp_path / 'part.pth', weights_only=True)
    assert checkpoint['meta']['dataset_meta']['classes'] == list(class_names(LONG[dataset]))
    part.load_state_dict(checkpoint['state_dict'])
    ours, all_scores = scores(part), scores(whole)
    rows = {name: row for row, name in enumerate(class_names('kinetics710'))}
    rows |= {'balloon blowing': rows['inflating balloons'], 'tying tie': rows['tying necktie']}
    found = 0
    for index, name in enumerate(class_names(LONG[dataset])):
        if name in rows:
            torch.testing.assert_close(ours[:, index], all_scores[:, rows[name]])
            found += 1
    assert found == {'k400': 389, 'k600': 597, 'k700': 699}[dataset]
    torch.testing.assert_close(ours, all_scores[:, k710_rows(LONG[dataset])])
    assert all_scores.std(1).min() > 0.1


def test_the_400_classes_of_an_official_head_are_its_first_400_rows_in_their_order():
    bias = slice_numbered('k710', 'k710', 'k400')
    assert bias[class_names('kinetics400').index('riding a bike')] == 0
    assert bias.tolist() == official_rows('kinetics400')


@pytest.mark.parametrize('dataset', ['k400', 'k600'])
def test_an_official_head_of_one_set_is_put_in_order(dataset):
    assert slice_numbered(dataset, dataset, dataset).tolist() == official_rows(LONG[dataset])


def test_an_official_file_gets_the_names_of_mmaction2():
    official, stock = Case('v2_b16_k400').manifest, Case('mmaction2_uniformerv2_b16').manifest
    state = {name: torch.zeros(shape[:1]) for name, shape in official.items()}
    sliced = conversion.slice_head(state, 'k400', 'k400').checkpoint['state_dict']
    assert {name: list(value.shape) for name, value in sliced.items()} == {
        name: shape[:1] for name, shape in stock.items()
    }


def test_an_official_head_in_an_order_nobody_knows_is_cut_by_a_list_of_ones_own(tmp_path):
    with pytest.raises(ValueError, match='order of k710 is known for 400 of 710 rows.*for k600'):
        slice_numbered('k710', 'k710', 'k600')
    names = sorted(class_names('kinetics710'), reverse=True)
    (tmp_path / 'theirs.txt').write_text('\n'.join(names))
    bias = slice_numbered('k710', str(tmp_path / 'theirs.txt'), 'k600')
    assert bias[class_names('kinetics600').index('zumba')] == names.index('zumba')
    merged = class_names('kinetics710')
    assert bias.tolist() == [names.index(merged[row]) for row in k710_rows('kinetics600')]


@pytest.mark.parametrize(
    ('change', 'old', 'new', 'message'),
    [
        (dict, 'k600', 'k400', 'fc_cls.weight has 710 rows and k600 600 classes'),
        (as_official, 'k700', 'k700', 'proj.2.weight has 710 rows and k700 700 classes'),
        (lambda s: {k: v for k, v in s.items() if 'fc_cls' not in k}, 'k710', 'k400', 'neither'),
        (
            lambda s: {k: v for k, v in s.items() if k != 'cls_head.fc_cls.bias'},
            'k710', 'k400', 'no classifier of UniFormerV2, or the head has been taken off',
        ),
        (dict, 'k710', 'sthv2', '174 of 174 classes are not among the 710: '),
        (dict, 'k710', 'k500', "'k500' is none of k400, k600, k700, k710, kinetics400.*.txt list"),
    ],
)  # fmt: skip
def test_a_head_that_cannot_be_cut_is_refused(change, old, new, message):
    with pytest.raises(ValueError, match=message):
        conversion.slice_head(change(recognizer(710).state_dict()), old, new)


def test_a_head_of_fewer_classes_is_not_stretched():
    with pytest.raises(ValueError, match='18 of 400 classes are not among the 600: '):
        slice_numbered('k600', 'k600', 'k400')


def test_options_may_stand_anywhere(tmp_path, capsys):
    torch.save(recognizer(710).state_dict(), tmp_path / 'k710.pth')
    torch.save(released(400), tmp_path / 'k400.pth')
    out = ['--out', str(tmp_path / 'ours.pth')]
    permute_head.main(['--from', 'k710', *out, '--to', 'k700', str(tmp_path / 'k710.pth')])
    assert '700 of the 710 rows' in capsys.readouterr().out
    out = ['--out', str(tmp_path / 'ours2.pth')]
    permute_head.main([str(tmp_path / 'k400.pth'), *out, 'kinetics400'])
    assert '400 of them moved' in capsys.readouterr().out


def test_the_ways_to_name_the_classes_are_not_mixed(tmp_path):
    out = ['--out', str(tmp_path / 'out.pth')]
    for options in (
        [], ['--from', 'k710'], ['--to', 'k400'], ['kinetics400', '--to', 'k400'],
        ['kinetics400', '--from', 'k710', '--to', 'k400'],
    ):  # fmt: skip
        with pytest.raises(ValueError, match='for a UniFormerV2 both --from and --to'):
            permute_head.main([str(tmp_path / 'in.pth'), *options, *out])
    state = as_official(recognizer(400).state_dict())
    with pytest.raises(CheckpointError, match='give --from kinetics400 --to kinetics400'):
        conversion.permute_head(state, 'kinetics400')
