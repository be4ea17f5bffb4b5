"""tools/make_mini_data.py: sound COCO sets, the same bytes every time, no folder harmed."""

import hashlib
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.random import RandomState
from pycocotools.coco import COCO

COUNTS = ('--train', '6', '--val', '3', '--size', '96')


@pytest.fixture(scope='module')
def tiny(tmp_path_factory, python_tool) -> Path:
    out = tmp_path_factory.mktemp('mini') / 'coco'
    python_tool('make_mini_data.py', 'coco', '--out', out, *COUNTS)
    return out


@pytest.fixture(scope='module')
def coco_module(repo_root):
    sys.path.insert(0, str(repo_root / 'tools'))
    try:
        from mini_data import coco
    finally:
        sys.path.pop(0)
    return coco


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


def read(folder: Path, split: str) -> dict:
    return json.loads((folder / 'annotations' / f'instances_{split}2017.json').read_text())


def test_two_runs_write_the_same_bytes(tiny, tmp_path, python_tool):
    python_tool('make_mini_data.py', 'coco', '--out', tmp_path / 'again', *COUNTS)
    assert digests(tmp_path / 'again') == digests(tiny)


def test_another_seed_draws_other_pictures(tiny, tmp_path, python_tool):
    python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS, '--seed', '1')
    first, second = digests(tiny), digests(tmp_path)
    pictures = [name for name in first if name.endswith('.jpg')]
    assert len(pictures) == 9
    assert all(first[name] != second[name] for name in pictures)


def test_a_set_that_is_there_is_kept(tiny, python_tool):
    before = {path: path.stat().st_mtime_ns for path in tiny.rglob('*')}
    assert 'kept' in python_tool('make_mini_data.py', 'coco', '--out', tiny, *COUNTS).stdout
    assert {path: path.stat().st_mtime_ns for path in tiny.rglob('*')} == before


def test_a_damaged_set_is_drawn_anew(tmp_path, python_tool):
    python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS)
    whole = digests(tmp_path)
    (tmp_path / 'train2017' / '000000000001.jpg').write_bytes(b'half a pict')
    (tmp_path / 'val2017' / '000000000009.jpg').unlink()
    python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS)
    assert digests(tmp_path) == whole


def test_a_folder_of_somebody_else_is_refused_and_untouched(tmp_path, python_tool):
    (tmp_path / 'annotations').mkdir()
    mine = tmp_path / 'annotations' / 'instances_train2017.json'
    mine.write_text('precious')
    done = python_tool('make_mini_data.py', 'coco', '--out', tmp_path, *COUNTS, check=False)
    assert done.returncode == 2
    assert 'did not write' in done.stderr
    assert mine.read_text() == 'precious'
    assert len(list(tmp_path.rglob('*'))) == 2


@pytest.mark.parametrize(
    ('option', 'value', 'message'),
    [
        ('--train', '0', 'above 0'),
        ('--val', 'many', 'above 0'),
        ('--size', '32', 'below 64'),
        ('--seed', '-1', '2**32'),
    ],
)
def test_bad_numbers_are_refused_with_what_is_allowed(
    option, value, message, tmp_path, python_tool
):
    done = python_tool(
        'make_mini_data.py', 'coco', '--out', tmp_path / 'x', f'{option}={value}', check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / 'x').exists()


def test_pycocotools_agrees_with_every_box_and_area(tiny):
    for split, pictures in (('train', 6), ('val', 3)):
        coco = COCO(str(tiny / 'annotations' / f'instances_{split}2017.json'))
        assert len(coco.imgs) == pictures
        for item in coco.anns.values():
            mask = coco.annToMask(item)
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            left, top, width, height = item['bbox']
            assert (columns[0], columns[-1] + 1) == (left, left + width)
            assert (rows[0], rows[-1] + 1) == (top, top + height)
            assert mask.sum() == item['area'] > 0


def test_visible_masks_of_a_picture_do_not_overlap(tiny):
    coco = COCO(str(tiny / 'annotations' / 'instances_train2017.json'))
    for image_id in coco.imgs:
        masks = [coco.annToMask(item) for item in coco.imgToAnns[image_id]]
        assert np.sum(masks, axis=0).max() == 1


def test_pictures_have_the_size_that_the_annotations_say(tiny):
    for split in ('train', 'val'):
        for item in read(tiny, split)['images']:
            picture = cv2.imread(str(tiny / f'{split}2017' / item['file_name']))
            assert picture.shape == (item['height'], item['width'], 3)
            assert max(picture.shape) == 96


def test_ids_are_unique_over_both_splits(tiny):
    both = [read(tiny, 'train'), read(tiny, 'val')]
    for key, expected in (('images', 9), ('annotations', None)):
        ids = [item['id'] for content in both for item in content[key]]
        assert len(ids) == len(set(ids)) == (expected or len(ids))


def test_a_larger_set_begins_with_the_pictures_of_a_smaller_one(coco_module):
    assert coco_module.CLASSES[:2] == ('circle', 'square')
    assert len(coco_module.CLASSES) == 6
    first = coco_module.draw_scene(RandomState([0, 0, 3]), 96)
    second = coco_module.draw_scene(RandomState([0, 0, 3]), 96)
    assert np.array_equal(first.picture, second.picture)


def test_all_classes_are_drawn_and_some_shapes_are_hidden_in_part(coco_module):
    scenes = [coco_module.draw_scene(RandomState([5, 0, index]), 96) for index in range(40)]
    assert {label for scene in scenes for label in scene.labels} == set(coco_module.CLASSES)
    touching = sum(
        (np.sum([cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) for mask in scene.masks], 0))
        .max() > 1
        for scene in scenes
    )  # fmt: skip
    assert touching >= 20


@pytest.mark.parametrize('seed', range(5))
def test_outlines_along_pixel_edges_lose_nothing(coco_module, seed):
    from pycocotools import mask as mask_utils

    noise = cv2.GaussianBlur(RandomState(seed).rand(40, 30), (0, 0), 1.5)
    mask = noise > np.median(noise)  # islands, holes and corners that touch
    code = coco_module.segmentation(mask)
    rle = coco_module._united(code, mask.shape) if isinstance(code, list) else code
    assert np.array_equal(mask_utils.decode(rle).astype(bool), mask)


def test_a_disc_is_a_polygon_and_a_ring_run_lengths(coco_module):
    rows, columns = np.mgrid[:50, :50] - 25
    distance = np.hypot(rows, columns)
    assert isinstance(coco_module.segmentation(distance < 20), list)
    assert isinstance(coco_module.segmentation((distance < 20) & (distance > 8)), dict)
