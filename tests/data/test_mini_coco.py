"""The mini sets coco and coco_keypoints: valid annotations of COCO, as read by pycocotools."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmuniformer.data.mini import coco, coco_format, coco_keypoints

MAKERS = {'instances': coco, 'person_keypoints': coco_keypoints}


@pytest.fixture(scope='module', params=MAKERS)
def made(request, tmp_path_factory) -> tuple[str, Path]:
    """Prefix of the annotations, and folder."""
    out = tmp_path_factory.mktemp('mini')
    list(MAKERS[request.param].make(out, seed=0, train=6, val=3, size=96))
    return request.param, out


@pytest.fixture(scope='module')
def splits(made) -> dict[str, COCO]:
    prefix, out = made
    names = ('train', 'val')
    return {name: COCO(str(out / f'annotations/{prefix}_{name}2017.json')) for name in names}


def test_pycocotools_agrees_with_every_box_and_area(splits):
    assert [len(split.imgs) for split in splits.values()] == [6, 3]
    for split in splits.values():
        for item in split.anns.values():
            mask = split.annToMask(item)
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            left, top, width, height = item['bbox']
            assert (columns[0], columns[-1] + 1) == (left, left + width)
            assert (rows[0], rows[-1] + 1) == (top, top + height)
            assert mask.sum() == item['area'] > 0


def test_visible_masks_of_an_image_do_not_overlap(tmp_path):
    list(coco.make(tmp_path, seed=0, train=6, val=3, size=96))
    split = COCO(str(tmp_path / 'annotations' / 'instances_train2017.json'))
    for image_id in split.imgs:
        masks = [split.annToMask(item) for item in split.imgToAnns[image_id]]
        assert np.sum(masks, axis=0).max() == 1


def test_images_have_the_size_that_the_annotations_say(made, splits):
    for name, split in splits.items():
        for item in split.imgs.values():
            image = cv2.imread(str(made[1] / f'{name}2017' / item['file_name']))
            assert image.shape == (item['height'], item['width'], 3)
            assert max(image.shape) == 96


def test_ids_are_unique_over_both_splits(splits):
    for key in ('images', 'annotations'):
        ids = [item['id'] for split in splits.values() for item in split.dataset[key]]
        assert len(ids) == len(set(ids)) >= 9


def test_all_classes_are_drawn_and_some_shapes_are_partly_hidden():
    scenes = [coco.draw_scene(RandomState([5, 0, index]), 96) for index in range(40)]
    assert coco.CLASSES[:2] == ('circle', 'square') and len(coco.CLASSES) == 6
    assert {label for scene in scenes for label in scene.labels} == set(coco.CLASSES)
    touching = sum(
        (np.sum([cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) for mask in scene.masks], 0))
        .max() > 1
        for scene in scenes
    )  # fmt: skip
    assert touching >= 20


@pytest.mark.parametrize('seed', range(5))
def test_outlines_along_pixel_edges_lose_nothing(seed):
    noise = cv2.GaussianBlur(RandomState(seed).rand(40, 30), (0, 0), 1.5)
    mask = noise > np.median(noise)  # islands, holes and corners that touch
    code = coco_format.segmentation(mask)
    rle = coco_format.merge_polygons(code, mask.shape) if isinstance(code, list) else code
    assert np.array_equal(mask_utils.decode(rle).astype(bool), mask)


def test_a_disc_is_a_polygon_and_a_ring_is_rle():
    rows, columns = np.mgrid[:50, :50] - 25
    distance = np.hypot(rows, columns)
    assert isinstance(coco_format.segmentation(distance < 20), list)
    assert isinstance(coco_format.segmentation((distance < 20) & (distance > 8)), dict)
