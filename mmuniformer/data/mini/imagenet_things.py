"""Drawn objects with a folder per class, to fine-tune on: other classes than the mini ImageNet.

They are composed of its shapes, so that features learned there are useful.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy import ndarray

from . import imagenet, shapes

# Class name -> shapes in order: added or subtracted, center and size relative to the radius; y
# points down.
THINGS: dict[str, tuple[tuple[str, str, tuple[float, float], float], ...]] = {
    'frame': (('add', 'square', (0, 0), 1), ('take', 'square', (0, 0), 0.6)),
    'house': (('add', 'square', (0, 0.4), 0.75), ('add', 'triangle', (0, -0.25), 0.75)),
    'moon': (('add', 'circle', (0, 0), 1), ('take', 'circle', (0.42, -0.1), 0.85)),
    'snowman': (('add', 'circle', (0, 0.35), 0.7), ('add', 'circle', (0, -0.5), 0.5)),
    'tree': (
        ('add', 'triangle', (0, -0.35), 0.7),
        ('add', 'triangle', (0, 0.35), 0.85),
        ('add', 'square', (0, 0.85), 0.2),
    ),
}
CLASSES = tuple(sorted(THINGS))


def coverage(
    thing: str, size: tuple[int, int], center: tuple[float, float], radius: float,
    angle: float, stretch: float,
) -> ndarray:  # fmt: skip
    """Return the coverage of each pixel; takes the arguments of ``shapes.coverage``."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    cover = np.zeros(size, np.float32)
    for action, shape, offset, scale in THINGS[thing]:
        middle = center + (np.array(offset) * (stretch, 1 / stretch)) @ turn * radius
        part = shapes.coverage(shape, size, tuple(middle), radius * scale, angle, stretch)
        cover = np.maximum(cover, part) if action == 'add' else np.minimum(cover, 1 - part)
    return cover


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the data set and yield each written path, so that callers can show progress."""
    return imagenet.write_folders(out, CLASSES, coverage, seed, (train, val), size)


def check(out: Path) -> str:
    """Check the written files and summarize them, as ``imagenet.check`` does."""
    return imagenet.check(out, CLASSES)
