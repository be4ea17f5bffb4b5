"""COCO's file format: polygons and run-length encodings of masks, and annotation files."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from .scenes import write_image

SPLITS = ('train', 'val')


def segmentation(mask: ndarray) -> list[list[int]] | dict:
    """Encode a mask without loss: as polygons along pixel edges, or as RLE if it has holes.

    COCO takes the union of an object's polygons, so they cannot represent holes.
    """
    outlines = trace(mask)
    rle = merge_polygons(outlines, mask.shape)
    if np.array_equal(mask_utils.decode(rle).astype(bool), mask):
        return outlines
    rle = mask_utils.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {'size': list(mask.shape), 'counts': rle['counts'].decode()}


def merge_polygons(polygons: list[list[int]], size: tuple[int, int]) -> dict:
    """Return the RLE of the union of polygons; ``size`` is the mask's height and width."""
    return mask_utils.merge(mask_utils.frPyObjects(polygons, *size))


def trace(mask: ndarray) -> list[list[int]]:
    """Return closed outlines of a mask along its pixel edges, each ``[x0, y0, x1, y1, …]``."""
    filled = np.pad(mask, 1)
    edges: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # The mask is always to the right of an edge, so edges form closed outlines.
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


def box(mask: ndarray) -> list[int]:
    """Return the bounding box of a mask: left, top, width, height."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1]


def annotation(category: int, mask: ndarray, **more: Any) -> dict[str, Any]:
    """Make the annotation of an object, without its ids."""
    return {
        'category_id': category, 'bbox': box(mask), 'area': int(mask.sum()), 'iscrowd': 0,
        **more, 'segmentation': segmentation(mask),
    }  # fmt: skip


class Split:
    """The images of a split, written one by one, and their annotations."""

    def __init__(self, out: Path, name: str, first_id: int):
        self.out, self.name, self.next_id = out, name, first_id
        self.folder = out / f'{name}2017'
        self.folder.mkdir(parents=True, exist_ok=True)
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def add(self, image: ndarray, annotations: Iterable[dict[str, Any]]) -> Path:
        """Write an image and number its annotations."""
        path = self.folder / f'{self.next_id:012d}.jpg'
        write_image(path, image)
        self.images.append(
            {
                'id': self.next_id, 'file_name': path.name,
                'height': image.shape[0], 'width': image.shape[1],
                'license': 1, 'coco_url': '', 'flickr_url': '', 'date_captured': '',
            }
        )  # fmt: skip
        self.annotations += [
            {'id': self.next_id * 100 + index, 'image_id': self.next_id, **item}
            for index, item in enumerate(annotations)
        ]
        self.next_id += 1
        return path

    def write(self, prefix: str, what: str, annotations: list[dict], categories: list) -> Path:
        path = self.out / 'annotations' / f'{prefix}_{self.name}2017.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            'info': {'description': f'{what} in the layout of COCO 2017', 'version': '1.0'},
            'licenses': [{'id': 1, 'name': 'Apache License 2.0', 'url': ''}],
            'images': self.images,
            'annotations': annotations,
            'categories': categories,
        }
        path.write_text(json.dumps(content, separators=(',', ':')))
        return path


def read_back(out: Path, split: str, file: str) -> COCO:
    """Read an annotation file with pycocotools and check boxes and areas against the masks.

    Raises:
        ValueError: an image is missing, or a mask does not match its box or area.
    """
    coco = COCO()  # prints if given a path
    coco.dataset = json.loads((out / 'annotations' / file).read_text())
    coco.anns = {item['id']: item for item in coco.dataset['annotations']}
    coco.imgs = {item['id']: item for item in coco.dataset['images']}
    for item in coco.imgs.values():
        if not (out / f'{split}2017' / item['file_name']).is_file():
            raise ValueError(
                f'{out}: {split}2017/{item["file_name"]} is missing; draw the set again'
            )
    for item in coco.anns.values():
        rle = coco.annToRLE(item)
        if (
            int(mask_utils.area(rle)) != item['area']
            or mask_utils.toBbox(rle).tolist() != item['bbox']
        ):
            raise ValueError(
                f'{out}: the mask of annotation {item["id"]} does not match its box and area; '
                'this is a bug of mmuniformer.data.mini'
            )
    return coco
