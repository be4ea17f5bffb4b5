"""The mini set coco: valid COCO instances, as read by pycocotools."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmuniformer.data.mini import coco, coco_format


@pytest.fixture(scope='module')
def tiny(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('mini')
    list(coco.make(out, seed=0, train=6, val=3, size=96))
    return out


def read(folder: Path, split: str) -> dict:
    return json.loads((folder / 'annotations' / f'instances_{split}2017.json').read_text())


def test_pycocotools_agrees_with_every_box_and_area(tiny):
    for split, images in (('train', 6), ('val', 3)):
        coco = COCO(str(tiny / 'annotations' / f'instances_{split}2017.json'))
        assert len(coco.imgs) == images
        for item in coco.anns.values():
            mask = coco.annToMask(item)
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            left, top, width, height = item['bbox']
            assert (columns[0], columns[-1] + 1) == (left, left + width)
            assert (rows[0], rows[-1] + 1) == (top, top + height)
            assert mask.sum() == item['area'] > 0


def test_visible_masks_of_an_image_do_not_overlap(tiny):
    coco = COCO(str(tiny / 'annotations' / 'instances_train2017.json'))
    for image_id in coco.imgs:
        masks = [coco.annToMask(item) for item in coco.imgToAnns[image_id]]
        assert np.sum(masks, axis=0).max() == 1


def test_images_have_the_size_that_the_annotations_say(tiny):
    for split in ('train', 'val'):
        for item in read(tiny, split)['images']:
            image = cv2.imread(str(tiny / f'{split}2017' / item['file_name']))
            assert image.shape == (item['height'], item['width'], 3)
            assert max(image.shape) == 96


def test_ids_are_unique_over_both_splits(tiny):
    both = [read(tiny, 'train'), read(tiny, 'val')]
    for key, expected in (('images', 9), ('annotations', None)):
        ids = [item['id'] for content in both for item in content[key]]
        assert len(ids) == len(set(ids)) == (expected or len(ids))


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
