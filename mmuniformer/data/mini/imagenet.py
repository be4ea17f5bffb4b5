"""Drawn shapes with a folder per class, as in ImageNet: one shape per image, with clutter."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from . import scenes, shapes
from .scenes import Scene

# Folder data sets number the classes in alphabetical order.
CLASSES = tuple(sorted(shapes.SHAPES))
SPLITS = ('train', 'val')
RADII = (0.3, 0.46)  # of the side
MAX_SCRAPS, SCRAPS = 5, (0.04, 0.08)  # radii of the side
MAX_LINES = 2
Outline = Callable[..., ndarray]


def draw_image(
    rng: RandomState, label: str, side: int, outline: Outline = shapes.coverage
) -> ndarray:
    """Draw one object over scraps of other colors and under thin lines: ``(side, side, 3)``.

    Args:
        outline: returns the object's coverage; takes the arguments of ``shapes.coverage``.
    """
    size = (side, side)
    scene = Scene(shapes.background(rng, size))
    for _ in range(rng.randint(MAX_SCRAPS + 1)):
        scenes.paint(rng, scene, _scrap(rng, size))
    radius = side * rng.uniform(*RADII)
    # Up to an eighth of the shape's width lies outside the image.
    room = max(0.0, side / 2 - 0.75 * radius)
    center = side / 2 + rng.uniform(-room, room, 2)
    cover = outline(
        label, size, tuple(center), radius, rng.uniform(-scenes.TILT, scenes.TILT),
        rng.uniform(0.85, 1.18),
    )  # fmt: skip
    scenes.paint(rng, scene, cover)
    image = scenes.with_grain(rng, scene.image)
    for _ in range(rng.randint(MAX_LINES + 1)):
        start, end = rng.randint(side, size=(2, 2)).tolist()
        cv2.line(image, start, end, rng.uniform(0, 255, 3).tolist(), 1, cv2.LINE_AA)
    return image


def _scrap(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Return the coverage ``(H, W)`` of a small ellipse, which is none of the shapes."""
    center, radius = rng.randint(size[0], size=2), size[0] * rng.uniform(*SCRAPS)
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    across, down = columns - center[0], rows - center[1]
    angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.3, 0.6)
    along = across * np.cos(angle) + down * np.sin(angle)
    aside = down * np.cos(angle) - across * np.sin(angle)
    return np.clip(radius + 0.5 - np.hypot(along, aside / ratio), 0, 1)


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the data set and yield each written path, so that callers can show progress."""
    return write_folders(out, CLASSES, shapes.coverage, seed, (train, val), size)


def write_folders(
    out: Path, classes: Sequence[str], outline: Outline, seed: int, counts: tuple[int, int],
    size: int,
) -> Iterator[Path]:  # fmt: skip
    """Write a folder per class for both splits; yield the path of each image."""
    for number, (split, count) in enumerate(zip(SPLITS, counts, strict=True)):
        # Empty folders too: their order defines the labels.
        for label in classes:
            (out / split / label).mkdir(parents=True, exist_ok=True)
        for index, rng in enumerate(scenes.generators(seed, number, count)):
            label = classes[index % len(classes)]
            path = out / split / label / f'{label}_{index + 1:08d}.jpg'
            yield scenes.write_image(path, draw_image(rng, label, size, outline))


def check(out: Path, classes: tuple[str, ...] = CLASSES) -> str:
    """Check the written files and summarize them.

    Raises:
        ValueError: the folders are not those of the classes.
    """
    found = []
    for split in SPLITS:
        folders = tuple(sorted(path.name for path in (out / split).iterdir() if path.is_dir()))
        if folders != classes:
            raise ValueError(
                f'{out / split} has the folders {folders}, not {classes}; draw the set again'
            )
        images = len(list((out / split).glob('*/*.jpg')))
        found.append(f'{split} {images} images, {len(folders)} classes')
    return '; '.join(found)
