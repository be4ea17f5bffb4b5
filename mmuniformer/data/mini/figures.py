"""Stick figures that face the viewer: random poses of the 17 COCO joints, and drawing them.

Left and right are the figure's own, so its left is on the right of the image. One side has warm
colors and the other cool ones, at random, so that a flipped image with left and right labels
swapped follows the same distribution.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from .shapes import SUPERSAMPLING, smooth_noise

JOINTS = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder',
    'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip',
    'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
)  # fmt: skip
# Pairs of 1-based joint indices, as in COCO.
SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
SIDES = {'left': 1, 'right': -1}  # sign of x in the image

# Lengths relative to the height of an upright figure.
SHOULDERS, HIPS = 0.115, 0.075  # half widths
TORSO, NECK = 0.3, 0.125  # hips to shoulders, shoulders to the center of the head
HEAD = 0.09  # radius
ARM, LEG = (0.165, 0.155), (0.235, 0.225)  # upper and lower part

# Ranges in degrees: 0 points down, positive angles point outwards.
LEAN, NOD = 18, 14
UPPER_ARM, FOREARM = (-5, 140), (-80, 100)
THIGH, SHIN = (-4, 45), (-45, 12)
WARM, COOL = (0, 24), (95, 140)  # hue in OpenCV, 0 to 179


@dataclass
class Figure:
    """Joints ``(17, 2)`` as x and y in pixels, with height and limb width in pixels."""

    joints: ndarray
    height: float
    width: float  # of a limb

    def __getitem__(self, name: str) -> ndarray:
        return self.joints[JOINTS.index(name)]

    def moved(self, shift: ndarray) -> 'Figure':
        return Figure(self.joints + shift, self.height, self.width)


def _towards(degrees: float, side: int = 1) -> ndarray:
    """Return a unit vector that points down, turned outwards by an angle."""
    angle = np.deg2rad(degrees)
    return np.array([side * np.sin(angle), np.cos(angle)])


def _turned(points: ndarray, degrees: float) -> ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return points @ np.array([[cos, sin], [-sin, cos]])


def pose(rng: RandomState, height: float) -> Figure:
    """Draw a random pose of a figure ``height`` pixels tall, with its hips at the origin."""
    at = _head(rng)
    for name, side in SIDES.items():
        at[f'{name}_shoulder'] = np.array([side * SHOULDERS, -TORSO])
        at[f'{name}_hip'] = np.array([side * HIPS, 0.0])
        for parts, lengths, first, bend in (
            (('shoulder', 'elbow', 'wrist'), ARM, UPPER_ARM, FOREARM),
            (('hip', 'knee', 'ankle'), LEG, THIGH, SHIN),
        ):
            angle = rng.uniform(*first)
            start, middle, end = (f'{name}_{part}' for part in parts)
            at[middle] = at[start] + lengths[0] * _towards(angle, side)
            angle += rng.uniform(*bend)
            at[end] = at[middle] + lengths[1] * _towards(angle, side)
    joints = np.stack([at[name] for name in JOINTS])
    joints = _turned(joints, rng.uniform(-LEAN, LEAN)) * height
    return Figure(joints, height, height * rng.uniform(0.045, 0.075))


def _head(rng: RandomState) -> dict[str, ndarray]:
    """Return the joints of a slightly turned and tilted face."""
    aside, up = rng.uniform(-0.2, 0.2), rng.uniform(-0.1, 0.15)
    face = {'nose': (aside, up + 0.2)}
    for name, side in SIDES.items():
        face[f'{name}_eye'] = (side * 0.42 + aside, up - 0.15)
        face[f'{name}_ear'] = (side * 1.0, 0.0)
    tilt = rng.uniform(-NOD, NOD)
    middle = np.array([0, -TORSO - NECK])
    return {name: middle + _turned(HEAD * np.array(point), tilt) for name, point in face.items()}


class Canvas:
    """Draw with antialiased edges, at several times the resolution."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        large = (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING)
        self.colors = np.zeros((*large, 3), np.uint8)
        self.cover = np.zeros(large, np.uint8)

    def _points(self, *points: ndarray) -> list[tuple[int, int]]:
        return [tuple(np.round(point * SUPERSAMPLING).astype(int).tolist()) for point in points]

    def polygon(self, corners: list[ndarray], width: float, color: ndarray, rim: float) -> None:
        """Draw a polygon with round corners; ``width`` is twice their radius."""
        outline = np.array(self._points(*corners), np.int32)
        for extra, shade in ((rim, color * 0.25), (0, color)):
            thick = max(1, round((width + 2 * extra) * SUPERSAMPLING))
            for target, value in ((self.colors, shade.tolist()), (self.cover, 255)):
                cv2.polylines(target, [outline], len(corners) > 2, value, thick)
                if len(corners) > 2:
                    cv2.fillPoly(target, [outline], value)

    def disc(self, center: ndarray, radius: float, color: ndarray, rim: float = 0) -> None:
        (point,) = self._points(center)
        for extra, shade in ((rim, color * 0.25), (0, color)):
            large = max(1, round((radius + extra) * SUPERSAMPLING))
            cv2.circle(self.colors, point, large, shade.tolist(), -1)
            cv2.circle(self.cover, point, large, 255, -1)

    def finish(self) -> tuple[ndarray, ndarray]:
        """Return premultiplied colors ``(H, W, 3)`` and the coverage ``(H, W)`` in [0, 1]."""
        small = (self.size[1], self.size[0])
        colors = cv2.resize(self.colors, small, interpolation=cv2.INTER_AREA)
        cover = cv2.resize(self.cover, small, interpolation=cv2.INTER_AREA)
        return colors.astype(np.float32), cover.astype(np.float32) / 255


def _color(hue: float, saturation: float, value: float) -> ndarray:
    pixel = np.array([[[hue % 180, saturation, value]]]).round().astype(np.uint8)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(float)


def draw(rng: RandomState, figure: Figure, size: tuple[int, int]) -> tuple[ndarray, ndarray]:
    """Draw a figure; returns the same as :meth:`Canvas.finish`."""
    canvas = Canvas(size)
    rim = max(0.7, 0.008 * figure.height)
    skin = _color(rng.uniform(6, 18), rng.uniform(40, 130), rng.uniform(130, 245))
    hues = [rng.uniform(*WARM), rng.uniform(*COOL)]
    if rng.rand() < 0.5:
        hues.reverse()
    limbs = dict(zip(SIDES, hues, strict=True))
    for name, hue in limbs.items():
        _limb(canvas, figure, name, ('hip', 'knee', 'ankle'), hue, 175, rim)
        canvas.disc(figure[f'{name}_ankle'], figure.width * 0.5, np.full(3, 40.0), rim)
    _torso(rng, canvas, figure, rim)
    _face(canvas, figure, skin, rim)
    for name, hue in limbs.items():
        _limb(canvas, figure, name, ('shoulder', 'elbow', 'wrist'), hue, 235, rim)
        canvas.disc(figure[f'{name}_wrist'], figure.width * 0.5, skin, rim)
    colors, cover = canvas.finish()
    shade = 1 + 0.1 * smooth_noise(rng, size, (16, 16))[..., None]
    return np.clip(colors * shade, 0, 255), cover


def _limb(
    canvas: Canvas, figure: Figure, side: str, parts: tuple[str, str, str], hue: float,
    value: float, rim: float,
) -> None:  # fmt: skip
    start, middle, end = (figure[f'{side}_{part}'] for part in parts)
    # The lower part is paler, so that the joint of a stretched limb is visible.
    canvas.polygon([middle, end], figure.width * 0.85, _color(hue, 110, value), rim)
    canvas.polygon([start, middle], figure.width, _color(hue, 230, value * 0.9), rim)


def _torso(rng: RandomState, canvas: Canvas, figure: Figure, rim: float) -> None:
    color = _color(rng.uniform(0, 180), rng.uniform(0, 120), rng.uniform(70, 240))
    corners = [
        figure[name] for name in ('left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')
    ]
    neck = (corners[0] + corners[1]) / 2
    ears = (figure['left_ear'] + figure['right_ear']) / 2
    canvas.polygon([neck, ears], figure.width, color, rim)
    canvas.polygon(corners, figure.width * 0.7, color, rim)


def _face(canvas: Canvas, figure: Figure, skin: ndarray, rim: float) -> None:
    radius = HEAD * figure.height
    for name in SIDES:
        canvas.disc(figure[f'{name}_ear'], radius * 0.27, skin * 0.85, rim)
    canvas.disc((figure['left_ear'] + figure['right_ear']) / 2, radius, skin, rim)
    for name in SIDES:
        canvas.disc(figure[f'{name}_eye'], radius * 0.24, np.full(3, 250.0))
        canvas.disc(figure[f'{name}_eye'], radius * 0.13, np.full(3, 20.0))
    canvas.disc(figure['nose'], radius * 0.14, skin * 0.45)
