"""Draw explanations on the frames of an input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from numpy import ndarray
from torch import Tensor

from ...visualization import draw_box, overlay
from ...visualization.features import to_unit
from ..media import write_image, write_video
from .inputs import Input


@dataclass(frozen=True)
class Explanation:
    """A visualization drawn on its input.

    Attributes:
        frames: one image, or the frames of a video: uint8 BGR.
        fps: frame rate of a video; 0 for an image.
        name: suggested file name.
    """

    frames: list[ndarray]
    fps: float
    name: str

    @property
    def suffix(self) -> str:
        return '.mp4' if self.fps else '.png'

    def save(self, path: str | Path) -> Path:
        """Write a PNG file, or an MPEG-4 file for a video.

        Raises:
            ValueError: the suffix is not supported.
        """
        path = Path(path)
        if path.suffix.lower() != self.suffix:
            raise ValueError(f'{path}: this is written as {self.suffix}')
        if self.fps:
            write_video(path, self.frames, self.fps)
        else:
            write_image(path, self.frames[0])
        return path


def draw_heat(given: Input, heat: Tensor, strength: float) -> list[ndarray]:
    """Draw a heat map ``(h, w)`` or ``(t, h, w)`` on the input, normalized over all frames."""
    heat = to_unit(heat.float())
    maps = repeat_frames([*(heat if given.is_video else heat[None]).numpy()], len(given.frames))
    return [overlay(frame, one, strength) for frame, one in zip(given.frames, maps, strict=True)]


def draw_query(
    frames: Sequence[ndarray], query: Sequence[int], size: Sequence[int], is_video: bool
) -> list[ndarray]:
    """Draw a box around the position ``query`` of a map of ``size``, in its frames."""
    height, width = frames[0].shape[:2]
    box = (
        query[-1] * width / size[-1], query[-2] * height / size[-2],
        (query[-1] + 1) * width / size[-1], (query[-2] + 1) * height / size[-2],
    )  # fmt: skip
    per_step = len(frames) // size[0] if is_video else 1
    first = query[0] * per_step if is_video else 0
    shown = range(first, first + per_step)
    return [draw_box(one, box) if number in shown else one for number, one in enumerate(frames)]


def repeat_frames(items: Sequence[ndarray], count: int) -> list[ndarray]:
    """Repeat maps in time: stage 1 already halves the number of frames."""
    return [items[number * len(items) // count] for number in range(count)]
