"""Drawn clips in the format of Kinetics: shapes drift, and the class is their direction.

A single frame says nothing about the class: shapes wrap around the borders, so their positions
have the same distribution in every frame of every class. Opposite classes are each other's clips
in reverse, so an unordered set of frames reveals the axis only.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray
from numpy.random import RandomState

from . import scenes, shapes

FRAMES, FPS = 24, 12
# Class → axis and direction. The order defines the labels.
MOTIONS = {'down': ('y', 1), 'left': ('x', -1), 'right': ('x', 1), 'up': ('y', -1)}
CLASSES = tuple(MOTIONS)
SPLITS = ('train', 'val')
NUMBERS = (4, 8)  # of shapes, upper bound excluded
RADII = (0.08, 0.16)  # relative to the side
DISTANCES = (0.6, 1.2)  # from the first to the last frame, relative to the side
CLOUDS = 6  # amplitude of the background noise, in gray levels
DARK, BRIGHT = (10, 70), (150, 250)  # gray levels of the background and of shapes
LISTS = {form: 'annotations/kinetics_{}_list_' + f'{form}.txt' for form in ('videos', 'rawframes')}
LABELS = 'annotations/labels.txt'
FRAME_NAME = 'img_{:05}.jpg'


def path_of(label: str, distance: float) -> list[tuple[float, float]]:
    """Return the displacement ``(x, y)`` of the shapes in each frame, relative to the side.

    Args:
        distance: from the first to the last frame, relative to the side.
    """
    axis, way = MOTIONS[label]
    steps = [float(step) for step in way * np.linspace(0, distance, FRAMES)]
    return [(step, 0.0) if axis == 'x' else (0.0, step) for step in steps]


def draw_clip(rng: RandomState, label: str, side: int) -> Iterator[ndarray]:
    """Draw the frames ``(side, side, 3)`` in BGR; the first is the same for every label."""
    size = (side, side)
    background = rng.uniform(*DARK, 3) + CLOUDS * shapes.smooth_noise(rng, size, (6, 6))[..., None]
    covers = [_shape(rng, size) for _ in range(rng.randint(*NUMBERS))]
    paints = rng.uniform(*BRIGHT, (len(covers), 3))
    starts = rng.uniform(size=(len(covers), 2))
    paths = path_of(label, rng.uniform(*DISTANCES))
    for across, down in paths:
        frame = background
        for cover, paint, (x, y) in zip(covers, paints, starts, strict=True):
            alpha = _moved(cover, x + across, y + down)[..., None]
            frame = (1 - alpha) * frame + alpha * paint
        yield np.uint8(frame + 0.5)


def _shape(rng: RandomState, size: tuple[int, int]) -> ndarray:
    """Return the coverage ``(H, W)`` of a shape in the center of the image."""
    return shapes.coverage(
        tuple(shapes.SHAPES)[rng.randint(len(shapes.SHAPES))], size, (size[1] / 2, size[0] / 2),
        size[0] * rng.uniform(*RADII), rng.uniform(0, 2 * np.pi), rng.uniform(0.85, 1.18),
    )  # fmt: skip


def _moved(cover: ndarray, x: float, y: float) -> ndarray:
    """Shift the center to ``x``, ``y``, relative to the sides, with wrap-around."""
    height, width = cover.shape
    shift = np.array([[1, 0, width * (x % 1 - 0.5)], [0, 1, height * (y % 1 - 0.5)]], np.float32)
    return cv2.warpAffine(cover, shift, (width, height), borderMode=cv2.BORDER_WRAP)


def make(out: Path, seed: int, train: int, val: int, size: int) -> Iterator[Path]:
    """Write the data set and yield each written path, so that callers can show progress.

    Frames are byte-identical on all machines; videos depend on the encoder of OpenCV.
    """
    (out / LABELS).parent.mkdir(parents=True, exist_ok=True)
    (out / LABELS).write_text('\n'.join(CLASSES) + '\n')
    yield out / LABELS
    for number, (split, count) in enumerate(zip(SPLITS, (train, val), strict=True)):
        lines: dict[str, list[str]] = {form: [] for form in LISTS}
        for index, rng in enumerate(scenes.generators(seed, number, count)):
            label = CLASSES[index % len(CLASSES)]
            name = f'{label}/{index + 1:06d}'
            frames = list(draw_clip(rng, label, size))
            folder = out / f'rawframes_{split}' / name
            folder.mkdir(parents=True, exist_ok=True)
            for at, frame in enumerate(frames, 1):
                yield scenes.write_image(folder / FRAME_NAME.format(at), frame)
            yield _write_video(out / f'videos_{split}' / f'{name}.mp4', frames)
            lines['videos'].append(f'{name}.mp4 {CLASSES.index(label)}')
            lines['rawframes'].append(f'{name} {len(frames)} {CLASSES.index(label)}')
        for form, path in LISTS.items():
            (out / path.format(split)).write_text('\n'.join(lines[form]) + '\n')
            yield out / path.format(split)


def _write_video(path: Path, frames: list[ndarray]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), code, FPS, (width, height))
    if not writer.isOpened():
        raise OSError(f'this OpenCV cannot write MPEG-4 to {path}; install opencv-python')
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def check(out: Path) -> str:
    """Check that all listed clips exist, and summarize the set.

    Raises:
        ValueError: a listed clip is missing, or the classes differ.
    """
    if tuple((out / LABELS).read_text().split()) != CLASSES:
        raise ValueError(f'{out / LABELS} does not name the classes {CLASSES}; draw the set again')
    found = []
    for split in SPLITS:
        for form, path in LISTS.items():
            lines = (out / path.format(split)).read_text().splitlines()
            first = '/' + FRAME_NAME.format(1) if form == 'rawframes' else ''
            for line in lines:
                clip = out / f'{form}_{split}' / (line.split()[0] + first)
                if not clip.is_file():
                    raise ValueError(
                        f'{clip} of {path.format(split)} is missing; draw the set again'
                    )
        found.append(f'{split} {len(lines)} clips')
    return f'{"; ".join(found)}; {FRAMES} frames, {len(CLASSES)} classes'
