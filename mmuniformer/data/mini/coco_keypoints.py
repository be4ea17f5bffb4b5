"""Drawn figures in the format of COCO 2017 person keypoints, with simulated detections."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from . import coco_format, figures, scenes, shapes

HEIGHTS = {
    1: (0.5, 0.9),
    2: (0.45, 0.75),
    3: (0.4, 0.6),
}  # share of the longer side, by number of figures
WHOLE = 0.8  # share of figures placed completely inside the image
MIN_JOINTS = 11  # inside the image
MIN_SEEN = 0.75  # share of a figure's pixels that others leave visible
MOVE = 0.05  # largest error of a detected box, as a share of its side
DETECTIONS = 'person_detection_results/COCO_val2017_detections_AP_H_56_person.json'
CATEGORY: dict[str, Any] = {
    'id': 1, 'name': 'person', 'supercategory': 'person',
    'keypoints': list(figures.JOINTS), 'skeleton': [list(pair) for pair in figures.SKELETON],
}  # fmt: skip
# Annotation sets: all joints, and extremities only, for fine-tuning to other keypoints.
JOINT_SETS = {
    'keypoints': figures.JOINTS,
    'tips': ('nose', 'left_wrist', 'right_wrist', 'left_ankle', 'right_ankle'),
}


@dataclass
class Crowd:
    """An image ``(H, W, 3)`` in BGR, with the joints and mask of each figure.

    ``masks`` include hidden pixels; where figures overlap, the later one is visible.
    """

    image: ndarray
    people: list[figures.Figure] = field(default_factory=list)
    masks: list[ndarray] = field(default_factory=list)


def draw_crowd(rng: RandomState, side: int) -> Crowd:
    """Draw one to three figures; later ones hide earlier ones in part."""
    size = scenes.image_size(rng, side)
    crowd = Crowd(shapes.background(rng, size))
    wanted = rng.randint(1, len(HEIGHTS) + 1)
    for _ in range(8 * wanted):
        if len(crowd.people) == wanted:
            break
        _try_figure(rng, crowd, side * rng.uniform(*HEIGHTS[wanted]))
    crowd.image = scenes.with_grain(rng, crowd.image)
    return crowd


def _try_figure(rng: RandomState, crowd: Crowd, height: float) -> None:
    size = crowd.image.shape[:2]
    figure = _placed(rng, figures.pose(rng, height), size)
    if _inside(figure.joints, size).sum() < MIN_JOINTS:
        return
    colors, cover = figures.draw(rng, figure, size)
    mask = cover >= 0.5
    masks = [*crowd.masks, mask]
    if any(
        seen.sum() < MIN_SEEN * whole.sum() for seen, whole in zip(_seen(masks), masks, strict=True)
    ):
        return
    crowd.image = (1 - cover[..., None]) * crowd.image + colors
    crowd.people.append(figure)
    crowd.masks = masks


def _placed(rng: RandomState, figure: figures.Figure, size: tuple[int, int]) -> figures.Figure:
    """Move a figure to a random place, in most cases completely inside the image."""
    room = figures.HEAD * figure.height
    low, high = figure.joints.min(axis=0) - room, figure.joints.max(axis=0) + room
    free = np.array(size[::-1]) - (high - low)
    if rng.rand() < WHOLE and (free > 0).all():
        return figure.moved(rng.uniform(0, free) - low)
    return figure.moved(rng.uniform(0.2, 0.8, 2) * size[::-1] - (low + high) / 2)


def _inside(joints: ndarray, size: tuple[int, int]) -> ndarray:
    return np.all((joints >= 0) & (joints < size[::-1]), axis=1)


def _seen(masks: list[ndarray]) -> list[ndarray]:
    """Return the part of each mask that later masks leave visible."""
    return [
        mask & ~np.any(masks[index + 1 :], axis=0) if masks[index + 1 :] else mask
        for index, mask in enumerate(masks)
    ]


def keypoints(joints: ndarray, hidden: ndarray) -> list[int]:
    """Return x, y and v per joint; v is 2 if visible, 1 if hidden, 0 if outside the image.

    Args:
        hidden: mask ``(H, W)`` of the pixels covered by figures in front.
    """
    found: list[int] = []
    for inside, (x, y) in zip(_inside(joints, hidden.shape), joints.astype(int), strict=True):
        found += [int(x), int(y), 1 if hidden[y, x] else 2] if inside else [0, 0, 0]
    return found


def _without_holes(mask: ndarray) -> ndarray:
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    return cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED).astype(bool)


def _annotations(crowd: Crowd) -> Iterator[dict[str, Any]]:
    for index, (figure, mask) in enumerate(zip(crowd.people, crowd.masks, strict=True)):
        hidden = np.any([np.zeros_like(mask), *crowd.masks[index + 1 :]], axis=0)
        points = keypoints(figure.joints, hidden)
        seen = sum(v > 0 for v in points[2::3])
        yield coco_format.annotation(
            CATEGORY['id'], _without_holes(mask), num_keypoints=seen, keypoints=points
        )


def _with_joints(annotations: list[dict], joints: tuple[str, ...]) -> tuple[list[dict], list[dict]]:
    """Return annotations and category restricted to these joints."""
    columns = [figures.JOINTS.index(joint) for joint in joints]
    kept = []
    for item in annotations:
        points = np.reshape(item['keypoints'], (-1, 3))[columns]
        seen = int((points[:, 2] > 0).sum())
        kept.append({**item, 'keypoints': points.ravel().tolist(), 'num_keypoints': seen})
    bones = [
        [columns.index(joint - 1) + 1 for joint in bone]
        for bone in CATEGORY['skeleton']
        if all(joint - 1 in columns for joint in bone)
    ]
    return kept, [{**CATEGORY, 'keypoints': list(joints), 'skeleton': bones}]


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the data set and yield each written path, so that callers can show progress."""
    for number, (name, count) in enumerate((('train', train), ('val', val))):
        split = coco_format.Split(out, name, first_id=1 + number * train)
        masks = out / 'masks' / split.folder.name
        masks.mkdir(parents=True, exist_ok=True)
        for rng in scenes.generators(seed, number, count):
            crowd = draw_crowd(rng, size)
            path = split.add(crowd.image, _annotations(crowd))
            yield path
            people = np.any(crowd.masks, axis=0).astype(np.uint8)
            yield scenes.write_labels(masks / f'{path.stem}.png', people)
        for prefix, joints in JOINT_SETS.items():
            kept = _with_joints(split.annotations, joints)
            yield split.write(f'person_{prefix}', 'Drawn figures', *kept)
    yield _write_detections(out / DETECTIONS, RandomState([seed, 2]), split.annotations)


def _write_detections(path: Path, rng: RandomState, annotations: list[dict]) -> Path:
    """Write perturbed ground-truth boxes with scores, in the format that mmpose reads."""
    found = []
    for item in annotations:
        left, top, width, height = item['bbox']
        corners = np.array([left, top, left + width, top + height], float)
        corners += rng.uniform(-MOVE, MOVE, 4) * [width, height, width, height]
        sides = [*corners[:2], *(corners[2:] - corners[:2])]
        found.append(
            {
                'image_id': item['image_id'],
                'category_id': item['category_id'],
                'bbox': [round(side, 2) for side in sides],
                'score': round(rng.uniform(0.6, 1), 4),
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, separators=(',', ':')))
    return path


def check(out: Path) -> str:
    """Check the written files and summarize them.

    Raises:
        ValueError: an image is missing, or an annotation is inconsistent.
    """
    found = []
    for split in coco_format.SPLITS:
        coco = coco_format.read_back(out, split, f'person_keypoints_{split}2017.json')
        for item in coco.anns.values():
            points = np.reshape(item['keypoints'], (len(figures.JOINTS), 3))
            points = points[points[:, 2] > 0, :2]
            corner = np.array(item['bbox'][:2])
            if (points < corner).any() or (points >= corner + item['bbox'][2:]).any():
                raise ValueError(
                    f'{out}: joints of annotation {item["id"]} lie outside its box; '
                    'this is a bug of mmuniformer.data.mini'
                )
        found.append(f'{split} {len(coco.imgs)} images, {len(coco.anns)} figures')
    return '; '.join(found)
