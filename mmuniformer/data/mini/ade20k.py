"""Drawn landscapes with shapes as semantic masks, in the layout of ADEChallengeData2016.

As in ADE20K, 0 is unlabeled (here a thin line between regions) and classes start at 1: load the
masks with ``reduce_zero_label=True``.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from . import scenes
from .scenes import Scene
from .shapes import smooth_noise

THINGS = ('circle', 'triangle', 'cross')
CLASSES = ('sky', 'grass', 'water', *THINGS)
FOLDERS = {'training': 'train', 'validation': 'val'}
RADII = (0.13, 0.22)  # of the longer side
MIN_THINGS, MAX_THINGS = 2, 5
MARGIN = 0.12  # share of the sides; keeps most of each shape inside the image
HORIZON = (0.35, 0.65)  # of the height

# Color ranges in BGR: low, high.
DAY = ((190, 130, 70), (250, 200, 160))
GRAY = ((165, 165, 165), (225, 220, 215))
DUSK = ((90, 120, 205), (160, 185, 250))
GRASS = ((25, 85, 35), (80, 150, 115))
WATER = ((95, 75, 15), (185, 145, 80))


def _noise(rng: RandomState, size: tuple[int, int], cell: tuple[float, float]) -> ndarray:
    """Return smooth noise ``(H, W, 1)`` in [-1, 1]; ``cell`` is its cell size in pixels."""
    rows, columns = (max(2, round(side / length)) for side, length in zip(size, cell, strict=True))
    return smooth_noise(rng, size, (rows, columns))[..., None]


def sky(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Draw a blue, gray or red sky with soft clouds, lighter near the horizon: ``(H, W, 3)``."""
    above = rng.uniform(*(DAY, GRAY, DUSK)[rng.randint(3)])
    below = above + rng.uniform(0, 0.6) * (245 - above)
    down = np.linspace(0, 1, size[0])[:, None, None]
    clouds = np.maximum(_noise(rng, size, (size[0] / 7, size[1] / 4)), 0) * rng.uniform(0, 0.9)
    image = (1 - down) * above + down * below
    return image + clouds * (250 - image)


def grass(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Draw green blades of grass, vertically stretched noise: ``(H, W, 3)``."""
    blades = _noise(rng, size, (6, 1.5)) * rng.uniform(20, 45)
    patches = _noise(rng, size, (25, 25)) * 20
    return rng.uniform(*GRASS) + blades + patches


def water(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Draw blue ripples, horizontally stretched noise: ``(H, W, 3)``."""
    ripples = _noise(rng, size, (2.5, 14)) * rng.uniform(15, 40)
    return rng.uniform(*WATER) + ripples


GROUNDS = {'grass': grass, 'water': water}


def _below_horizon(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Return the mask ``(H, W)`` of the pixels below a wavy horizon."""
    height, width = size
    across = np.arange(width) / width * 2 * np.pi
    line = np.full(width, rng.uniform(*HORIZON))
    for waves in (1, 2, 4):
        line += rng.uniform(0, 0.07) / waves * np.sin(waves * across + rng.uniform(0, 2 * np.pi))
    return np.arange(height)[:, None] >= line * height


def draw_scene(rng: RandomState, side: int) -> tuple[ndarray, ndarray]:
    """Draw an image ``(H, W, 3)`` in BGR and its labels ``(H, W)``; 0 is unlabeled."""
    size = scenes.image_size(rng, side)
    ground = tuple(GROUNDS)[rng.randint(len(GROUNDS))]
    below = _below_horizon(rng, size)
    image = np.where(below[..., None], GROUNDS[ground](rng, size), sky(rng, size))
    scene = Scene(np.clip(image, 0, 255))
    scenes.add_shapes(rng, scene, rng.randint(MIN_THINGS, MAX_THINGS + 1), THINGS, RADII, MARGIN)
    labels = np.where(below, CLASSES.index(ground) + 1, CLASSES.index('sky') + 1).astype(np.uint8)
    for label, mask in zip(scene.labels, scene.masks, strict=True):
        labels[mask] = CLASSES.index(label) + 1
    return scenes.with_grain(rng, scene.image), _with_borders(labels)


def _with_borders(labels: ndarray) -> ndarray:
    """Set pixels to 0 if their right or lower neighbor has another label."""
    border = np.zeros(labels.shape, bool)
    border[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    border[:-1] |= labels[:-1] != labels[1:]
    return np.where(border, 0, labels).astype(np.uint8)


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the data set and yield each written path, so that callers can show progress."""
    for number, (name, count) in enumerate(zip(FOLDERS, (train, val), strict=True)):
        images, masks = out / 'images' / name, out / 'annotations' / name
        images.mkdir(parents=True, exist_ok=True)
        masks.mkdir(parents=True, exist_ok=True)
        for index, rng in enumerate(scenes.generators(seed, number, count), 1):
            image, labels = draw_scene(rng, size)
            stem = f'ADE_{FOLDERS[name]}_{index:08d}'
            yield scenes.write_image(images / f'{stem}.jpg', image)
            yield scenes.write_labels(masks / f'{stem}.png', labels)


def check(out: Path) -> str:
    """Check the written files and summarize them.

    Raises:
        ValueError: a mask is missing, differs in size from its image or has an unknown label.
    """
    found = []
    for name, split in FOLDERS.items():
        seen: set[int] = set()
        paths = sorted((out / 'images' / name).glob('*.jpg'))
        for path in paths:
            mask = out / 'annotations' / name / f'{path.stem}.png'
            image, labels = cv2.imread(str(path)), cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
            if image is None or labels is None or labels.shape != image.shape[:2]:
                raise ValueError(
                    f'{path}: its mask is missing or has another size; draw the set again'
                )
            seen.update(np.unique(labels).tolist())
        if max(seen) > len(CLASSES):
            raise ValueError(
                f'{out}: labels {sorted(seen)} exceed the {len(CLASSES)} classes; '
                'this is a bug of mmuniformer.data.mini'
            )
        found.append(f'{split} {len(paths)} images, {len(seen - {0})} classes')
    return '; '.join(found)
