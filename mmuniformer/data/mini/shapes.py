"""Shapes of the drawn images: contours, coverage, textures and backgrounds."""

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

SUPERSAMPLING = 4


def _around(angles: ndarray, radii: ndarray | float = 1.0) -> ndarray:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.reshape(radii, (-1, 1))


def _polygon(corners: int, radii: tuple[float, ...] = (1.0,), first: float = -np.pi / 2) -> ndarray:
    """Return corners in order, starting at the angle ``first``, by default at the top."""
    angles = first + np.arange(corners) * 2 * np.pi / corners
    return _around(angles, np.resize(radii, corners))


_ARM = 0.34
_CROSS = [
    (-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM),
    (_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM),
]  # fmt: skip

# Class name -> contours within the unit circle; a second contour is a hole.
SHAPES: dict[str, tuple[ndarray, ...]] = {
    'circle': (_polygon(90, (0.9,)),),
    'square': (_polygon(4, first=np.pi / 4),),
    'triangle': (_polygon(3),),
    'star': (_polygon(10, (1.0, 0.42)),),
    'ring': (_polygon(90), _polygon(90, (0.55,))),
    'cross': (np.array(_CROSS) * 0.95,),
}


def coverage(
    shape: str, size: tuple[int, int], center: tuple[float, float], radius: float,
    angle: float, stretch: float,
) -> ndarray:  # fmt: skip
    """Return the share of each pixel that the shape covers, ``(H, W)`` in [0, 1].

    Args:
        size: height and width of the image.
        center: x and y in pixels.
        radius: of the circumscribed circle, in pixels.
        angle: in radians.
        stretch: scale of x before rotation; y is scaled by its inverse.
    """
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    contours = [
        np.round(((contour * (stretch, 1 / stretch)) @ turn * radius + center) * SUPERSAMPLING)
        for contour in SHAPES[shape]
    ]
    canvas = np.zeros((size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING), np.uint8)
    cv2.fillPoly(canvas, [contour.astype(np.int32) for contour in contours], 255)
    small = cv2.resize(canvas, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def smooth_noise(rng: RandomState, size: tuple[int, int], cells: tuple[int, int]) -> ndarray:
    """Return smooth noise ``(H, W)`` in [-1, 1] with so many ``cells`` per side."""
    coarse = rng.uniform(-1, 1, cells).astype(np.float32)
    return cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)


def _ramp(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Return a linear gradient ``(H, W)`` from 0 to 1 in a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    return (along - along.min()) / max(float(np.ptp(along)), 1.0)


def _stripes(rng: RandomState, size: tuple[int, int]) -> ndarray:
    waves = max(size) / rng.uniform(5, 12)
    return (np.sin(_ramp(rng, size) * waves * np.pi) > 0).astype(np.float32)


def _checks(rng: RandomState, size: tuple[int, int]) -> ndarray:
    return np.abs(_stripes(rng, size) - _stripes(rng, size))


def _clouds(rng: RandomState, size: tuple[int, int]) -> ndarray:
    return 0.5 + 0.5 * smooth_noise(rng, size, (12, 12))


# Each returns the weight of a second color, ``(H, W)`` in [0, 1].
PATTERNS = (_ramp, _stripes, _checks, _clouds)


def _two_colors(rng: RandomState, size: tuple[int, int], first: ndarray, spread: float) -> ndarray:
    second = np.clip(first + rng.uniform(-spread, spread, 3), 0, 255)
    weight = PATTERNS[rng.randint(len(PATTERNS))](rng, size)[..., None]
    return (1 - weight) * first + weight * second


def fill(rng: RandomState, size: tuple[int, int], background: ndarray) -> ndarray:
    """Draw a texture ``(H, W, 3)`` of two colors; the first contrasts with ``background``."""
    for _ in range(50):
        first = rng.uniform(10, 245, 3)
        if np.abs(first - background).max() > 80:
            break
    return _two_colors(rng, size, first, 40)


def background(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Draw a two-color pattern with noise and thin lines as clutter: ``(H, W, 3)``."""
    image = _two_colors(rng, size, rng.uniform(30, 225, 3), 30)
    cells = rng.randint(4, 24)
    image += 18 * smooth_noise(rng, size, (cells, cells))[..., None]
    image = np.clip(image, 0, 255).astype(np.float32)
    for _ in range(rng.randint(0, 3)):
        start, end = ((int(rng.randint(size[1])), int(rng.randint(size[0]))) for _ in range(2))
        cv2.line(image, start, end, rng.uniform(0, 255, 3).tolist(), 1, cv2.LINE_AA)
    return image
