"""Drawn scenes as COCO 2017 instances: pictures, visible masks, annotation files."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from . import shapes

CLASSES = tuple(shapes.SHAPES)
SPLITS = ('train', 'val')
RATIOS = (1.0, 0.75, 4 / 3)  # height : width
RADII = (0.13, 0.26)  # of the longer side
MAX_OBJECTS = 5
TILT = 0.4  # radians either way: as in photographs, things have an upper side
MIN_VISIBLE = 0.6  # of the pixels a shape has in the picture
MIN_PIXELS = 40


@dataclass
class Scene:
    """A picture ``(H, W, 3)`` in BGR, and per object its class and its visible pixels."""

    picture: ndarray
    labels: list[str]
    masks: list[ndarray]


def draw_scene(rng: RandomState, side: int) -> Scene:
    """Draw up to :data:`MAX_OBJECTS` shapes over each other; later ones hide earlier ones."""
    ratio = RATIOS[rng.randint(len(RATIOS))]
    size = (round(side * min(ratio, 1)), round(side * min(1 / ratio, 1)))
    scene = Scene(shapes.background(rng, size), [], [])
    whole: list[int] = []
    wanted = rng.randint(2, MAX_OBJECTS + 1)
    for _ in range(4 * wanted):
        if len(scene.labels) == wanted:
            break
        _try_shape(rng, scene, whole, side)
    noise = rng.normal(0, rng.uniform(0, 6), scene.picture.shape)
    scene.picture = np.clip(scene.picture + noise, 0, 255).round().astype(np.uint8)
    return scene


def _try_shape(rng: RandomState, scene: Scene, whole: list[int], side: int) -> None:
    size = scene.picture.shape[:2]
    label = CLASSES[rng.randint(len(CLASSES))]
    cover = shapes.coverage(
        label,
        size,
        centre=(rng.uniform(0.05, 0.95) * size[1], rng.uniform(0.05, 0.95) * size[0]),
        radius=side * float(np.exp(rng.uniform(*np.log(RADII)))),
        angle=rng.uniform(-TILT, TILT),
        stretch=rng.uniform(0.88, 1.14),
    )
    mask = cover >= 0.5
    left = [old & ~mask for old in scene.masks]
    pixels = int(mask.sum())
    if pixels < MIN_PIXELS or any(
        old.sum() < max(MIN_VISIBLE * full, MIN_PIXELS)
        for old, full in zip(left, whole, strict=True)
    ):
        return
    behind = scene.picture[mask].mean(axis=0)
    texture = shapes.fill(rng, size, behind)
    alpha = cover[..., None]
    scene.picture = (1 - alpha) * scene.picture + alpha * texture
    scene.labels.append(label)
    scene.masks = [*left, mask]
    whole.append(pixels)


def segmentation(mask: ndarray) -> list[list[int]] | dict:
    """Encode a mask without loss: polygons along the pixel edges, run lengths if it has holes.

    COCO's polygons have no holes: several of them are united.
    """
    outlines = trace(mask)
    rle = _united(outlines, mask.shape)
    if np.array_equal(mask_utils.decode(rle).astype(bool), mask):
        return outlines
    rle = mask_utils.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {'size': list(mask.shape), 'counts': rle['counts'].decode()}


def _united(polygons: list[list[int]], size: tuple[int, int]) -> dict:
    return mask_utils.merge(mask_utils.frPyObjects(polygons, *size))


def trace(mask: ndarray) -> list[list[int]]:
    """Closed outlines of a mask along its pixel edges, each ``[x0, y0, x1, y1, …]``."""
    filled = np.pad(mask, 1)
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # Every edge has the mask on its right hand, so edges chain up to closed outlines.
    for (dy, dx), start, end in (
        ((-1, 0), (0, 0), (1, 0)),
        ((0, 1), (1, 0), (1, 1)),
        ((1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    ):
        open_side = filled & ~np.roll(filled, (-dy, -dx), axis=(0, 1))
        for y, x in np.argwhere(open_side).tolist():
            edges.setdefault((x - 1 + start[0], y - 1 + start[1]), []).append(
                (x - 1 + end[0], y - 1 + end[1])
            )
    return list(_chains(edges))


def _chains(edges: dict[tuple[int, int], list[tuple[int, int]]]) -> Iterator[list[int]]:
    while edges:
        point = first = next(iter(edges))
        corners: list[tuple[int, int]] = []
        while True:
            following = edges[point].pop()
            if not edges[point]:
                del edges[point]
            straight = len(corners) > 1 and (
                corners[-2][0] == point[0] == following[0]
                or corners[-2][1] == point[1] == following[1]
            )
            corners.append(point)
            if straight:
                del corners[-1]
            point = following
            if point == first:
                break
        yield [value for corner in corners for value in corner]


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the set, one path per file written, so that the caller can show progress."""
    counts = {'train': train, 'val': val}
    image_id = 0
    for number, split in enumerate(SPLITS):
        folder = out / f'{split}2017'
        folder.mkdir(parents=True, exist_ok=True)
        images, annotations = [], []
        for index in range(counts[split]):
            # A generator per picture: a larger set begins with the pictures of a smaller one.
            scene = draw_scene(RandomState([seed, number, index]), size)
            image_id += 1
            path = folder / f'{image_id:012d}.jpg'
            _write_picture(path, scene.picture)
            height, width = scene.picture.shape[:2]
            images.append(
                {
                    'id': image_id, 'file_name': path.name, 'height': height, 'width': width,
                    'license': 1, 'coco_url': '', 'flickr_url': '', 'date_captured': '',
                }
            )  # fmt: skip
            annotations += _annotations(scene, image_id)
            yield path
        yield _write_json(out / 'annotations' / f'instances_{split}2017.json', images, annotations)


def _write_picture(path: Path, picture: ndarray) -> None:
    _, data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    path.write_bytes(data.tobytes())


def _annotations(scene: Scene, image_id: int) -> Iterable[dict]:
    for index, (label, mask) in enumerate(zip(scene.labels, scene.masks, strict=True)):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        left, top = int(columns[0]), int(rows[0])
        yield {
            'id': image_id * 100 + index,
            'image_id': image_id,
            'category_id': CLASSES.index(label) + 1,
            'bbox': [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
            'area': int(mask.sum()),
            'iscrowd': 0,
            'segmentation': segmentation(mask),
        }


def _write_json(path: Path, images: list[dict], annotations: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        'info': {'description': 'Drawn scenes in the layout of COCO 2017', 'version': '1.0'},
        'licenses': [{'id': 1, 'name': 'Apache License 2.0', 'url': ''}],
        'images': images,
        'annotations': annotations,
        'categories': [
            {'id': number, 'name': name, 'supercategory': 'shape'}
            for number, name in enumerate(CLASSES, 1)
        ],
    }
    path.write_text(json.dumps(content, separators=(',', ':')))
    return path


def check(out: Path) -> str:
    """Read the set back through pycocotools and compare areas and boxes with the masks.

    Raises:
        ValueError: what is on the disk is not a sound COCO set.
    """
    found = []
    for split in SPLITS:
        with (out / 'annotations' / f'instances_{split}2017.json').open() as file:
            coco = COCO()  # given a path it prints
            coco.dataset = json.load(file)
        coco.anns = {item['id']: item for item in coco.dataset['annotations']}
        coco.imgs = {item['id']: item for item in coco.dataset['images']}
        for item in coco.imgs.values():
            if not (out / f'{split}2017' / item['file_name']).is_file():
                raise ValueError(f'{out}: {split}2017/{item["file_name"]} is missing; draw it anew')
        for item in coco.anns.values():
            rle = coco.annToRLE(item)
            if (
                int(mask_utils.area(rle)) != item['area']
                or mask_utils.toBbox(rle).tolist() != item['bbox']
            ):
                raise ValueError(
                    f'{out}: the mask of annotation {item["id"]} does not fit its box and area; '
                    'this is a fault in tools/mini_data/coco.py'
                )
        found.append(f'{split} {len(coco.imgs)} pictures, {len(coco.anns)} objects')
    return '; '.join(found)
