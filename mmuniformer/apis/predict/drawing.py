"""Drawing with OpenCV: masks, tags, label maps, and pictures side by side. Pictures are BGR."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

GOLDEN = 0.61803  # turn of the colour wheel that keeps any number of colours apart
DRAWN_SIDE = 640  # smaller pictures are enlarged to it, so that lines and letters stay thin
TILE, MARGIN = 360, 12
LINE = 23  # rows of a tag


def enlarge(picture: ndarray) -> tuple[ndarray, float]:
    """A copy whose longer side is at least DRAWN_SIDE, and the factor."""
    scale = max(1.0, DRAWN_SIDE / max(picture.shape[:2]))
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), scale


def colour_of(label: int) -> tuple[int, int, int]:
    hue = np.uint8([[[round(label * GOLDEN * 180) % 180, 190, 255]]])
    return tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0])


def draw_mask(canvas: ndarray, mask: ndarray, colour: tuple[int, int, int]) -> None:
    # Enlarged and smoothed: the outline of a small mask would be a staircase.
    soft = cv2.resize(mask.astype(np.float32), canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if (scale := canvas.shape[0] / mask.shape[0]) > 1:
        soft = cv2.GaussianBlur(soft, (0, 0), 0.8 * scale)
    inside = soft >= 0.5
    canvas[inside] = (0.55 * canvas[inside] + 0.45 * np.array(colour)).astype(np.uint8)
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outlines, -1, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.drawContours(canvas, outlines, -1, colour, 1, cv2.LINE_AA)


def draw_tag(
    canvas: ndarray, text: str, corner: Sequence[int], colour: tuple[int, int, int]
) -> None:
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, height), _ = cv2.getTextSize(text, font, size, 1)
    left = int(np.clip(corner[0] - 1, 0, max(canvas.shape[1] - width - 8, 0)))
    top = max(corner[1] - height - 9, 0)
    cv2.rectangle(canvas, (left, top), (left + width + 8, top + height + 9), colour, -1)
    cv2.putText(
        canvas, text, (left + 4, top + height + 4), font, size, (20, 20, 20), 1, cv2.LINE_AA
    )


def make_overview(pictures: Sequence[ndarray]) -> ndarray:
    """Pictures in rows of at most four, each fitted into a square on a white sheet."""
    columns = min(len(pictures), 4)
    rows = -(-len(pictures) // columns)
    step = TILE + MARGIN
    sheet = np.full((rows * step + MARGIN, columns * step + MARGIN, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        scale = TILE / max(picture.shape[:2])
        height, width = (max(round(side * scale), 1) for side in picture.shape[:2])
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        top = MARGIN + (number // columns) * step + (TILE - height) // 2
        left = MARGIN + (number % columns) * step + (TILE - width) // 2
        sheet[top : top + height, left : left + width] = small
    return sheet


def draw_tags(canvas: ndarray, texts: Sequence[str], colours: Sequence[tuple]) -> None:
    """Write lines of text below each other into the upper left corner."""
    for number, (text, colour) in enumerate(zip(texts, colours, strict=True)):
        draw_tag(canvas, text, (6, 6 + LINE + number * (LINE + 2)), colour)


def write_picture(path: Path, picture: ndarray) -> None:
    _, data = cv2.imencode('.png', picture)
    path.write_bytes(data.tobytes())
