"""tools/make_mini_data.py imagenet: a folder per class, as mmpretrain reads it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState
from tool_modules import load_tool

SPLITS = {'train': 12, 'val': 6}


@pytest.fixture(scope='module')
def imagenet():
    return load_tool('mini_data.imagenet')


@pytest.fixture(scope='module')
def tiny(tmp_path_factory, imagenet) -> Path:
    out = tmp_path_factory.mktemp('mini')
    list(imagenet.make(out, seed=0, size=64, **SPLITS))
    return out


def test_every_class_has_a_folder_and_as_many_pictures(tiny, imagenet):
    assert len(imagenet.CLASSES) == 6
    for split, count in SPLITS.items():
        folders = sorted((tiny / split).iterdir())
        assert tuple(folder.name for folder in folders) == imagenet.CLASSES
        assert [len(list(folder.iterdir())) for folder in folders] == [count // 6] * 6


def test_pictures_are_square_and_of_the_size_asked_for(tiny, imagenet, tmp_path):
    assert {cv2.imread(str(path)).shape for path in tiny.rglob('*.jpg')} == {(64, 64, 3)}
    list(imagenet.make(tmp_path, seed=0, train=1, val=1, size=100))
    assert {cv2.imread(str(path)).shape for path in tmp_path.rglob('*.jpg')} == {(100, 100, 3)}


def test_a_class_without_a_picture_keeps_its_folder_and_so_its_number(tmp_path, imagenet):
    list(imagenet.make(tmp_path, seed=0, train=2, val=1, size=64))
    assert tuple(sorted(path.name for path in (tmp_path / 'val').iterdir())) == imagenet.CLASSES
    assert imagenet.check(tmp_path) == 'train 2 pictures, 6 classes; val 1 pictures, 6 classes'


def test_the_class_of_a_picture_is_the_shape_that_is_drawn(imagenet, monkeypatch, tmp_path):
    drawn = []
    draw = imagenet.shapes.coverage
    monkeypatch.setattr(
        imagenet.shapes, 'coverage', lambda *args: drawn.append(args[0]) or draw(*args)
    )
    written = list(imagenet.make(tmp_path, seed=3, train=9, val=7, size=64))
    assert [path.parent.name for path in written] == drawn


def test_the_shape_stands_out_from_what_is_around_it(imagenet, monkeypatch):
    covers = []
    draw = imagenet.shapes.coverage
    monkeypatch.setattr(
        imagenet.shapes, 'coverage', lambda *args: covers.append(draw(*args)) or covers[-1]
    )
    for index in range(30):
        picture = imagenet.draw_picture(RandomState(index), 'circle', 64).astype(float)
        inside = covers[-1] >= 0.5
        around = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9))).astype(bool) & ~inside
        assert np.abs(picture[inside].mean(axis=0) - picture[around].mean(axis=0)).max() > 25
        assert 0.1 < inside.mean() < 0.6


def test_a_lost_folder_is_reported(tmp_path, imagenet):
    list(imagenet.make(tmp_path, seed=0, train=1, val=1, size=64))
    (tmp_path / 'train' / 'star').rmdir()
    with pytest.raises(ValueError, match='draw it anew'):
        imagenet.check(tmp_path)


@pytest.mark.parametrize(('split', 'count'), SPLITS.items())
def test_mmpretrain_reads_the_folders_and_numbers_them(tiny, imagenet, split, count):
    datasets = pytest.importorskip('mmpretrain.datasets')
    data = datasets.ImageNet(
        data_root=str(tiny), split=split, metainfo=dict(classes=imagenet.CLASSES)
    )
    assert len(data) == count
    assert data.CLASSES == imagenet.CLASSES
    for index in range(count):
        sample = data.get_data_info(index)
        assert imagenet.CLASSES[sample['gt_label']] == Path(sample['img_path']).parent.name


def test_mmpretrain_finds_the_classes_without_being_told(tiny, imagenet):
    datasets = pytest.importorskip('mmpretrain.datasets')
    data = datasets.CustomDataset(data_root=str(tiny), data_prefix='train')
    assert tuple(data.CLASSES) == imagenet.CLASSES
    assert len(data) == 12
