"""Making label maps: values by hand, and the same bytes after an interruption."""

import numpy as np
import pytest
import torch

pytest.importorskip('mmpretrain')

import mmcv
from mmpretrain import get_model

from mmuniformer.apis import label_maps
from mmuniformer.cli import make_label_maps as command

CONFIG = """
default_scope = 'mmpretrain'
data_preprocessor = dict(mean=[120, 110, 100], std=[60, 50, 40], to_rgb=True)
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmuniformer.UniFormer',
                  arch=dict(depths=(1, 1, 1, 1), dims=(8, 8, 8, 8), head_dim=8),
                  out_indices=(3,), out_norm='batch'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=7, in_channels=8),
)
"""
NAMES = ['bird/a.png', 'bird/b.v2.png', 'fish/a.png', 'fish/c.png']
SIZE = 96  # 3 × 3 cells


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    """Four images, and a tiny classifier drawn at random: its config and its weights."""
    folder = tmp_path_factory.mktemp('workspace')
    rng = np.random.RandomState(0)
    for name in NAMES:
        (folder / 'train' / name).parent.mkdir(parents=True, exist_ok=True)
        image = rng.randint(0, 256, (6, 9, 3), np.uint8).repeat(12, 0).repeat(12, 1)
        mmcv.imwrite(image, str(folder / 'train' / name))
    (folder / 'tiny.py').write_text(CONFIG)
    torch.manual_seed(0)
    model = get_model(str(folder / 'tiny.py'))
    torch.nn.init.normal_(model.head.fc.weight)
    torch.nn.init.normal_(model.head.fc.bias)
    torch.save({'state_dict': model.state_dict()}, folder / 'tiny.pth')
    return folder


def arguments(workspace, out, *more):
    options = ['--model', workspace / 'tiny.py', '--checkpoint', workspace / 'tiny.pth']
    options += ['--size', SIZE, '--top-k', 3, '--batch-size', 3, '--workers', 0, '--device', 'cpu']
    return [str(word) for word in [workspace / 'train', out, *options, *more]]


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.glob('*/*')}


def by_hand(model, path):
    """The map of one image, computed without the preprocessor and the head."""
    image = mmcv.imresize(
        mmcv.imread(path), (SIZE, SIZE), interpolation='bicubic', backend='pillow'
    )
    rgb = torch.from_numpy(image[..., ::-1].copy()).float()
    x = ((rgb - torch.tensor([120.0, 110, 100])) / torch.tensor([60.0, 50, 40])).permute(2, 0, 1)
    with torch.no_grad():
        features = model.backbone(x[None])[0][0]
    scores = torch.einsum('kc,chw->khw', model.head.fc.weight, features)
    scores = (scores + model.head.fc.bias[:, None, None]).detach().numpy()
    classes = np.argsort(-scores, axis=0)[:3]
    return np.take_along_axis(scores, classes, axis=0), classes


def test_maps_hold_the_largest_logits_of_each_cell_and_their_classes(workspace, tmp_path):
    command.main(arguments(workspace, tmp_path / 'maps'))
    wanted = {'bird/a.pt', 'bird/b.pt', 'fish/a.pt', 'fish/c.pt'}
    assert contents(tmp_path / 'maps').keys() == wanted
    model = get_model(str(workspace / 'tiny.py'), pretrained=str(workspace / 'tiny.pth'))
    for name in NAMES:
        logits, classes = by_hand(model, workspace / 'train' / name)
        path = label_maps.label_map_path(tmp_path / 'maps', workspace / 'train' / name)
        label_map = torch.load(path, weights_only=True)
        assert label_map.dtype == torch.float16 and label_map.shape == (2, 3, 3, 3)
        assert label_map[1].float().numpy().tolist() == classes.tolist()
        np.testing.assert_allclose(label_map[0].float().numpy(), logits, atol=1e-5, rtol=1e-3)


def test_cells_average_to_what_the_classifier_predicts(workspace):
    model = get_model(str(workspace / 'tiny.py'), pretrained=str(workspace / 'tiny.pth'))
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    cells = label_maps.cell_logits(model, images)
    assert cells.shape == (2, 7, 2, 3)
    with torch.no_grad():
        whole = model(model.data_preprocessor({'inputs': images})['inputs'])
    torch.testing.assert_close(cells.mean((2, 3)), whole, atol=1e-5, rtol=1e-5)


def test_a_run_that_was_interrupted_ends_with_the_same_bytes(workspace, tmp_path, monkeypatch):
    command.main(arguments(workspace, tmp_path / 'whole'))
    write, written = label_maps.write_label_map, []

    def interrupted(path, label_map):
        if len(written) == 2:
            raise KeyboardInterrupt
        write(path, label_map)
        written.append(path)

    monkeypatch.setattr(label_maps, 'write_label_map', interrupted)
    with pytest.raises(KeyboardInterrupt):
        command.main(arguments(workspace, tmp_path / 'resumed'))
    half = contents(tmp_path / 'resumed')
    assert len(half) == 2
    monkeypatch.setattr(label_maps, 'write_label_map', write)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / 'resumed').glob('*/*')}
    command.main(arguments(workspace, tmp_path / 'resumed'))
    assert contents(tmp_path / 'resumed') == contents(tmp_path / 'whole')
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_maps_of_another_annotator_are_not_mixed_in(workspace, tmp_path):
    command.main(arguments(workspace, tmp_path / 'maps'))
    before = contents(tmp_path / 'maps')
    with pytest.raises(ValueError, match='holds maps made with size 96, not 64'):
        command.main(arguments(workspace, tmp_path / 'maps', '--size', '64'))
    assert contents(tmp_path / 'maps') == before

    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'notes.txt').write_text('keep')
    with pytest.raises(ValueError, match='did not write'):
        command.main(arguments(workspace, tmp_path / 'mine'))
    assert [path.name for path in (tmp_path / 'mine').iterdir()] == ['notes.txt']


@pytest.mark.parametrize(
    ('options', 'complaint'),
    [
        (['--model', 'no-such-model'], 'no config and no model of mmpretrain'),
        (['--model', 'missing.py'], 'there is no config file missing.py'),
        (['--checkpoint', 'missing.pth'], 'missing.pth cannot be loaded'),
        (['--model-options', 'head.num_classes=5'], 'tiny.pth cannot be loaded'),
        (['--top-k', '0'], 'top_k is 0; it must be at least 1'),
        (['--top-k', '8'], 'k is 8; it must be from 1 to the number of classes, 7'),
    ],
)
def test_a_mistake_ends_with_a_sentence_that_says_what_is_wrong(
    workspace, tmp_path, options, complaint
):
    with pytest.raises((ValueError, FileNotFoundError), match=complaint):
        command.main(arguments(workspace, tmp_path / 'maps', *options))
    assert contents(tmp_path / 'maps') == {}
    command.main(arguments(workspace, tmp_path / 'maps'))  # nothing is in the way of a second try
    assert len(contents(tmp_path / 'maps')) == 4


def test_a_backbone_that_gives_no_map_is_refused(workspace):
    model = get_model(str(workspace / 'tiny.py'))
    model.backbone.forward = lambda inputs: (inputs.mean((2, 3)),)
    with pytest.raises(ValueError, match=r'gives no map .*out_type=featmap'):
        label_maps.cell_logits(model, torch.zeros(1, 3, 64, 64, dtype=torch.uint8))


def test_two_images_that_would_share_a_map_are_refused(workspace, tmp_path):
    for name in ('a.png', 'a.jpg'):
        mmcv.imwrite(np.zeros((4, 4, 3), np.uint8), str(tmp_path / 'twins' / 'bird' / name))
    with pytest.raises(ValueError, match='would have the same map'):
        command.main([str(tmp_path / 'twins'), *arguments(workspace, tmp_path / 'maps')[1:]])
