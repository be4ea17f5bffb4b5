"""The mini set ade20k: masks that match the images, as read by mmseg."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState

from mmuniformer.data.mini import ade20k

SPLITS = {'training': 6, 'validation': 3}


@pytest.fixture(scope='module')
def tiny(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('mini')
    list(ade20k.make(out, seed=0, train=6, val=3, size=96))
    return out


@pytest.fixture(scope='module')
def scenes() -> list[tuple[np.ndarray, np.ndarray]]:
    return [ade20k.draw_scene(RandomState([0, 0, index]), 128) for index in range(40)]


def number(name: str) -> int:
    return ade20k.CLASSES.index(name) + 1


def test_images_and_masks_come_in_pairs_named_as_in_ade20k(tiny):
    for name, count in SPLITS.items():
        split = ade20k.FOLDERS[name]
        stems = [f'ADE_{split}_{index:08d}' for index in range(1, count + 1)]
        assert sorted(path.stem for path in (tiny / 'images' / name).iterdir()) == stems
        assert sorted(path.stem for path in (tiny / 'annotations' / name).iterdir()) == stems
        for stem in stems:
            image = cv2.imread(str(tiny / 'images' / name / f'{stem}.jpg'))
            mask = tiny / 'annotations' / name / f'{stem}.png'
            labels = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
            assert labels.shape == image.shape[:2]
            assert labels.dtype == np.uint8 and max(labels.shape) == 96


def test_the_first_forty_images_have_every_class_and_no_other_label(scenes):
    seen = [set(np.unique(labels).tolist()) for _, labels in scenes]
    assert set.union(*seen) == set(range(len(ade20k.CLASSES) + 1))
    for name in ade20k.CLASSES:
        assert sum(number(name) in labels for labels in seen) >= 8


def test_every_image_has_sky_and_one_ground(scenes):
    sky, grass, water = (number(name) for name in ('sky', 'grass', 'water'))
    for _, labels in scenes:
        present = set(np.unique(labels).tolist())
        assert sky in present
        assert (grass in present) != (water in present)


def test_sky_lies_above_the_ground(scenes):
    sky = number('sky')
    grounds = [number(name) for name in ade20k.GROUNDS]
    for _, labels in scenes:
        for column in labels.T:
            skies, ground = np.flatnonzero(column == sky), np.flatnonzero(np.isin(column, grounds))
            assert not len(skies) or not len(ground) or skies[-1] < ground[0]


def test_labels_match_the_colors(scenes):
    """Grass is more green than blue, water more blue than red."""
    for image, labels in scenes:
        blue, green, red = image.astype(float).transpose(2, 0, 1)
        grass, water = (labels == number(name) for name in ('grass', 'water'))
        assert not grass.any() or (green - blue)[grass].mean() > 10
        assert not water.any() or (blue - red)[water].mean() > 10


def test_the_color_of_a_shape_does_not_tell_its_class(scenes):
    for name in ade20k.THINGS:
        means = [
            image[labels == number(name)].mean(axis=0)
            for image, labels in scenes
            if (labels == number(name)).any()
        ]
        assert np.ptp(means, axis=0).min() > 100


def test_a_one_pixel_line_between_regions_is_unlabeled():
    labels = np.repeat(np.array([[1, 1, 2, 2]], np.uint8), 3, axis=0)
    assert ade20k._with_borders(labels).tolist() == [[1, 0, 2, 2]] * 3
    assert ade20k._with_borders(labels.T).T.tolist() == [[1, 0, 2, 2]] * 3


def test_less_than_a_tenth_of_an_image_is_unlabeled(scenes):
    assert max((labels == 0).mean() for _, labels in scenes) < 0.1


def test_a_missing_mask_is_reported(tmp_path):
    list(ade20k.make(tmp_path, seed=0, train=2, val=1, size=64))
    assert ade20k.check(tmp_path).startswith('train 2 images')
    (tmp_path / 'annotations/training/ADE_train_00000002.png').unlink()
    with pytest.raises(ValueError, match='ADE_train_00000002'):
        ade20k.check(tmp_path)


@pytest.mark.parametrize(('name', 'count'), SPLITS.items())
def test_mmseg_reads_the_folders_as_those_of_ade20k(tiny, name, count):
    datasets = pytest.importorskip('mmseg.datasets')
    prefix = dict(img_path=f'images/{name}', seg_map_path=f'annotations/{name}')
    data = datasets.ADE20KDataset(data_root=str(tiny), data_prefix=prefix, pipeline=[])
    assert len(data) == count
    assert all(Path(data[index]['seg_map_path']).is_file() for index in range(count))


def test_mmseg_loads_labels_from_zero_on_with_the_classes_of_the_set(tiny):
    datasets = pytest.importorskip('mmseg.datasets')
    data = datasets.BaseSegDataset(
        data_root=str(tiny),
        data_prefix=dict(img_path='images/training', seg_map_path='annotations/training'),
        metainfo=dict(classes=ade20k.CLASSES),
        reduce_zero_label=True,
        pipeline=[
            datasets.transforms.LoadAnnotations(reduce_zero_label=None),
        ],
    )
    assert len(data.metainfo['palette']) == len(ade20k.CLASSES) == 6
    for index in range(len(data)):
        sample = data[index]
        stored = cv2.imread(sample['seg_map_path'], cv2.IMREAD_UNCHANGED)
        loaded = sample['gt_seg_map']
        assert np.array_equal(loaded[stored > 0], stored[stored > 0] - 1)
        assert (loaded[stored == 0] == 255).all()
