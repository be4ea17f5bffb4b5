"""Images of overlapping shapes, with the visible pixels of each shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from . import shapes

RATIOS = (1.0, 0.75, 4 / 3)  # height : width
TILT = 0.4  # radians in both directions: like in photographs, objects are mostly upright
MIN_VISIBLE = 0.6  # share of a shape's pixels
MIN_PIXELS = 40


@dataclass
class Scene:
    """An image ``(H, W, 3)`` in BGR, with the class and visible mask of each object."""

    image: ndarray
    labels: list[str] = field(default_factory=list)
    masks: list[ndarray] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)  # areas without occlusion, in pixels


def generators(seed: int, split: int, count: int) -> list[RandomState]:
    """Make one generator per image, so that a larger set starts with the images of a smaller one.

    Args:
        split: number of the split.
    """
    return [RandomState([seed, split, index]) for index in range(count)]


def image_size(rng: RandomState, side: int) -> tuple[int, int]:
    """Draw a random height and width, the longer of which is ``side``."""
    ratio = RATIOS[rng.randint(len(RATIOS))]
    return round(side * min(ratio, 1)), round(side * min(1 / ratio, 1))


def add_shapes(
    rng: RandomState, scene: Scene, wanted: int, classes: Sequence[str],
    radii: tuple[float, float], margin: float = 0.05,
) -> None:  # fmt: skip
    """Draw up to ``wanted`` overlapping shapes; later ones partly hide earlier ones.

    Args:
        radii: smallest and largest radius, relative to the longer side.
        margin: border without centers of shapes, relative to the sides.
    """
    for _ in range(4 * wanted):
        if len(scene.labels) == wanted:
            break
        _try_shape(rng, scene, classes, radii, margin)


def _try_shape(
    rng: RandomState, scene: Scene, classes: Sequence[str], radii: tuple[float, float],
    margin: float,
) -> None:  # fmt: skip
    size = scene.image.shape[:2]
    label = classes[rng.randint(len(classes))]
    inner = (margin, 1 - margin)
    cover = shapes.coverage(
        label,
        size,
        center=(rng.uniform(*inner) * size[1], rng.uniform(*inner) * size[0]),
        radius=max(size) * float(np.exp(rng.uniform(*np.log(radii)))),
        angle=rng.uniform(-TILT, TILT),
        stretch=rng.uniform(0.88, 1.14),
    )
    mask = cover >= 0.5
    left = [old & ~mask for old in scene.masks]
    pixels = int(mask.sum())
    if pixels < MIN_PIXELS or any(
        old.sum() < max(MIN_VISIBLE * full, MIN_PIXELS)
        for old, full in zip(left, scene.whole, strict=True)
    ):
        return
    paint(rng, scene, cover)
    scene.labels.append(label)
    scene.masks = [*left, mask]
    scene.whole.append(pixels)


def paint(rng: RandomState, scene: Scene, cover: ndarray) -> None:
    """Paint a random, contrasting texture with the opacity ``cover``, ``(H, W)``."""
    background = scene.image[cover >= 0.5].mean(axis=0)
    texture = shapes.fill(rng, cover.shape, background)
    alpha = cover[..., None]
    scene.image = (1 - alpha) * scene.image + alpha * texture


def with_grain(rng: RandomState, image: ndarray) -> ndarray:
    """Add a random amount of camera noise and round to 8 bits."""
    noise = rng.normal(0, rng.uniform(0, 6), image.shape)
    return np.clip(image + noise, 0, 255).round().astype(np.uint8)


def write_image(path: Path, image: ndarray) -> Path:
    """Write a uint8 BGR image ``(H, W, 3)`` as JPEG; return the path."""
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    path.write_bytes(data.tobytes())
    return path


def write_labels(path: Path, labels: ndarray) -> Path:
    """Write a label map ``(H, W)`` as PNG; return the path."""
    path.write_bytes(cv2.imencode('.png', labels)[1].tobytes())
    return path
