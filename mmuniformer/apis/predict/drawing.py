"""Draw masks, tags, label maps and grids of images with OpenCV. Images are BGR."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy import ndarray

Color = tuple[int, ...]
GOLDEN = 0.61803  # step on the color wheel that separates any number of colors
DRAWN_SIDE = 640  # smaller images are enlarged, so that lines and text are thin
TILE, MARGIN = 360, 12
LINE = 23  # height of a tag in pixels


def enlarge(image: ndarray) -> tuple[ndarray, float]:
    """Return a copy whose longer side is at least DRAWN_SIDE, and the factor."""
    scale = max(1.0, DRAWN_SIDE / max(image.shape[:2]))
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), scale


def label_color(label: int) -> Color:
    hue = np.array([[[round(label * GOLDEN * 180) % 180, 190, 255]]], np.uint8)
    return tuple(int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0])


def to_bgr(color: Iterable[float]) -> Color:
    return tuple(int(value) for value in color)[::-1]


def draw_mask(canvas: ndarray, mask: ndarray, color: Color) -> None:
    # Smoothed after enlarging, because the outlines of small masks are jagged.
    soft = cv2.resize(mask.astype(np.float32), canvas.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if (scale := canvas.shape[0] / mask.shape[0]) > 1:
        soft = cv2.GaussianBlur(soft, (0, 0), 0.8 * scale)
    inside = soft >= 0.5
    canvas[inside] = (0.55 * canvas[inside] + 0.45 * np.array(color)).astype(np.uint8)
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, outlines, -1, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.drawContours(canvas, outlines, -1, color, 1, cv2.LINE_AA)


def draw_tag(canvas: ndarray, text: str, corner: Sequence[int], color: Color) -> None:
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (width, height), _ = cv2.getTextSize(text, font, size, 1)
    left = int(np.clip(corner[0] - 1, 0, max(canvas.shape[1] - width - 8, 0)))
    top = max(corner[1] - height - 9, 0)
    cv2.rectangle(canvas, (left, top), (left + width + 8, top + height + 9), color, -1)
    cv2.putText(
        canvas, text, (left + 4, top + height + 4), font, size, (20, 20, 20), 1, cv2.LINE_AA
    )


def make_overview(images: Sequence[ndarray]) -> ndarray:
    """Arrange images in rows of at most four, each row as wide as the sheet."""
    columns = min(len(images), 4)
    width = columns * TILE + (columns - 1) * MARGIN
    rows: list[ndarray] = []
    for at in range(0, len(images), columns):
        full = len(images) - at >= columns
        limit = TILE if full or not rows else len(rows[-1])
        rows.append(_make_row(images[at : at + columns], width, limit))
    gap = np.full((MARGIN, width, 3), 255, np.uint8)
    return np.concatenate([part for row in rows for part in (row, gap)][:-1])


def _make_row(images: Sequence[ndarray], width: int, limit: int) -> ndarray:
    """Scale images to one height, at most ``limit``, so that the row is ``width`` wide."""
    ratios = [image.shape[1] / image.shape[0] for image in images]
    height = min(round((width - MARGIN * (len(images) - 1)) / sum(ratios)), limit)
    row = np.full((height, width, 3), 255, np.uint8)
    left = 0
    for image, ratio in zip(images, ratios, strict=True):
        right = min(left + max(round(height * ratio), 1), width)
        size = (right - left, height)
        row[:, left:right] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        left = right + MARGIN
    return row


def draw_tags(canvas: ndarray, texts: Sequence[str], colors: Sequence[Color]) -> None:
    """Write lines of text into the upper left corner."""
    for number, (text, color) in enumerate(zip(texts, colors, strict=True)):
        draw_tag(canvas, text, (6, 6 + LINE + number * (LINE + 2)), color)
