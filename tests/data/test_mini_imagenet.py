"""The mini sets imagenet and imagenet_things: a folder per class for mmpretrain."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState

from mmuniformer.data.mini import imagenet
from mmuniformer.data.mini import imagenet_things as things

SPLITS = {'train': 12, 'val': 6}
UPRIGHT = dict(size=(128, 128), center=(64, 64), radius=60, angle=0.0, stretch=1.0)


@pytest.fixture(scope='module')
def tiny(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('mini')
    list(imagenet.make(out, seed=0, size=64, **SPLITS))
    return out


def test_every_class_has_a_folder_and_as_many_images(tiny):
    assert imagenet.CLASSES == ('circle', 'cross', 'ring', 'square', 'star', 'triangle')
    for split, count in SPLITS.items():
        folders = sorted((tiny / split).iterdir())
        assert tuple(folder.name for folder in folders) == imagenet.CLASSES
        assert [len(list(folder.iterdir())) for folder in folders] == [count // 6] * 6


def test_images_are_square_and_have_the_given_size(tiny, tmp_path):
    assert {cv2.imread(str(path)).shape for path in tiny.rglob('*.jpg')} == {(64, 64, 3)}
    list(imagenet.make(tmp_path, seed=0, train=1, val=1, size=100))
    assert {cv2.imread(str(path)).shape for path in tmp_path.rglob('*.jpg')} == {(100, 100, 3)}


def test_a_class_without_images_keeps_its_folder_and_label(tmp_path):
    list(imagenet.make(tmp_path, seed=0, train=2, val=1, size=64))
    assert tuple(sorted(path.name for path in (tmp_path / 'val').iterdir())) == imagenet.CLASSES
    assert imagenet.check(tmp_path) == 'train 2 images, 6 classes; val 1 images, 6 classes'


def test_the_class_of_an_image_is_the_shape_that_is_drawn(monkeypatch, tmp_path):
    drawn = []
    draw = imagenet.shapes.coverage
    monkeypatch.setattr(
        imagenet.shapes, 'coverage', lambda *args: drawn.append(args[0]) or draw(*args)
    )
    written = list(imagenet.make(tmp_path, seed=3, train=9, val=7, size=64))
    assert [path.parent.name for path in written] == drawn


def test_the_shape_contrasts_with_its_surroundings():
    covers = []

    def outline(*args):
        covers.append(imagenet.shapes.coverage(*args))
        return covers[-1]

    for index in range(30):
        image = imagenet.draw_image(RandomState(index), 'circle', 64, outline).astype(float)
        inside = covers[-1] >= 0.5
        around = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9))).astype(bool) & ~inside
        assert np.abs(image[inside].mean(axis=0) - image[around].mean(axis=0)).max() > 25
        assert 0.1 < inside.mean() < 0.6


def test_a_missing_folder_is_reported(tmp_path):
    list(imagenet.make(tmp_path, seed=0, train=1, val=1, size=64))
    (tmp_path / 'train' / 'star').rmdir()
    with pytest.raises(ValueError, match='draw the set again'):
        imagenet.check(tmp_path)


@pytest.mark.parametrize(('split', 'count'), SPLITS.items())
def test_mmpretrain_reads_the_folders_and_numbers_them(tiny, split, count):
    datasets = pytest.importorskip('mmpretrain.datasets')
    data = datasets.ImageNet(
        data_root=str(tiny), split=split, metainfo=dict(classes=imagenet.CLASSES)
    )
    assert len(data) == count
    assert data.CLASSES == imagenet.CLASSES
    for index in range(count):
        sample = data.get_data_info(index)
        assert imagenet.CLASSES[sample['gt_label']] == Path(sample['img_path']).parent.name


def test_mmpretrain_finds_the_classes_without_being_told(tiny):
    datasets = pytest.importorskip('mmpretrain.datasets')
    data = datasets.CustomDataset(data_root=str(tiny), data_prefix='train')
    assert tuple(data.CLASSES) == imagenet.CLASSES
    assert len(data) == 12


def test_colors_say_little_about_the_class():
    def colors(split: int, count: int) -> np.ndarray:
        images = [
            imagenet.draw_image(RandomState([7, split, index]), label, 64).reshape(-1, 3)
            for index in range(count)
            for label in imagenet.CLASSES
        ]
        return np.array([[*pixels.mean(0), *pixels.std(0)] for pixels in images])

    train, val = colors(0, 40), colors(1, 20)
    centers = np.stack([train[number::6].mean(0) for number in range(6)])
    distances = np.abs((val[:, None] - centers) / train.std(0)).sum(2)
    found = distances.argmin(1)
    assert (found == np.arange(len(val)) % 6).mean() < 0.35  # chance level is 0.17


def test_things_differ_from_every_shape():
    assert not set(things.CLASSES) & set(imagenet.CLASSES)
    covers = {name: things.coverage(name, **UPRIGHT) for name in things.CLASSES}
    covers |= {name: imagenet.shapes.coverage(name, **UPRIGHT) for name in imagenet.CLASSES}
    names = sorted(covers)
    for index, one in enumerate(names):
        for other in names[:index]:
            both, either = (
                join(covers[one], covers[other]).sum() for join in (np.minimum, np.maximum)
            )
            assert both / either < 0.85, (one, other)


def test_parts_of_a_thing_are_added_and_subtracted_in_order():
    square = things.shapes.coverage('square', **UPRIGHT)
    hole = things.shapes.coverage('square', **{**UPRIGHT, 'radius': 36})
    assert np.allclose(things.coverage('frame', **UPRIGHT), square - hole, atol=1e-6)
    house = things.coverage('house', **UPRIGHT)
    assert house[64 - 58, 64] == house[64 + 54, 64] == 1  # below the tip, above the floor
    assert house[64 - 58, 64 - 24] == house[64 - 58, 64 + 24] == 0


def test_a_thing_rotates_and_stretches_as_a_whole():
    rows, columns = np.mgrid[:128, :128]

    def middle(**changed: float) -> tuple[float, float]:
        cover = things.coverage('tree', **{**UPRIGHT, **changed})
        across, down = (cover * columns).sum(), (cover * rows).sum()
        return across / cover.sum() - 63.5, down / cover.sum() - 63.5

    across, down = middle()
    assert (across, down) == (pytest.approx(0, abs=0.5), pytest.approx(7.5, abs=0.5))
    assert middle(angle=np.pi) == (pytest.approx(0, abs=0.7), pytest.approx(-down, abs=0.7))
    assert middle(angle=np.pi / 2) == (pytest.approx(-down, abs=0.7), pytest.approx(0, abs=0.7))
    assert middle(stretch=0.8) == (pytest.approx(0, abs=0.7), pytest.approx(down / 0.8, abs=0.7))


def test_things_are_drawn_into_folders_of_their_own(tmp_path):
    written = list(things.make(tmp_path, seed=0, train=10, val=5, size=64))
    assert len(written) == 15
    assert things.check(tmp_path) == 'train 10 images, 5 classes; val 5 images, 5 classes'
    (tmp_path / 'val' / 'other').mkdir()
    with pytest.raises(ValueError, match='draw the set again'):
        things.check(tmp_path)
