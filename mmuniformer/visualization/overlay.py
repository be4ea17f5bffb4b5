"""Heat on images, sheets of kernels, images side by side. Images are uint8 BGR."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy import ndarray

GAP, CAPTION = 6, 22  # pixels
TAG = cv2.FONT_HERSHEY_SIMPLEX


def overlay(image: ndarray, heat: ndarray, strength: float = 0.5) -> ndarray:
    """Blend ``heat`` ``(h, w)``, 0 to 1, over an image ``(H, W, 3)``; the size is the image's.

    Raises:
        ValueError: ``strength`` is not between 0 and 1, or heat is not.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f'strength {strength} is not between 0 and 1')
    if heat.min() < 0 or heat.max() > 1:
        raise ValueError(f'heat is from {heat.min():.3g} to {heat.max():.3g}, not within 0 and 1')
    height, width = image.shape[:2]
    heat = cv2.resize(heat.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    colors = cv2.applyColorMap(np.uint8(heat * 255 + 0.5), cv2.COLORMAP_TURBO)
    return cv2.addWeighted(image, 1 - strength, colors, strength, 0)


def draw_box(image: ndarray, box: Sequence[float]) -> ndarray:
    """Draw the box ``(left, top, right, bottom)`` in green on a copy: the query, as in Fig. 2."""
    left, top, right, bottom = (round(value) for value in box)
    image = image.copy()
    cv2.rectangle(image, (left, top), (right - 1, bottom - 1), (60, 255, 60), 2)
    return image


def color_components(components: ndarray, size: tuple[int, int]) -> ndarray:
    """Draw three maps ``(3, h, w)``, 0 to 1, as RGB of an image of ``size`` (height, width)."""
    image = np.uint8(components[::-1].transpose(1, 2, 0) * 255 + 0.5)
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_CUBIC)


def kernel_sheet(kernels: ndarray, columns: int = 16, cell: int = 6) -> ndarray:
    """Draw kernels ``(n, h, w)`` in rows on one scale: blue below 0, white at 0, red above."""
    scale = float(np.abs(kernels).max()) or 1.0
    columns = min(columns, len(kernels))
    rows = -(-len(kernels) // columns)
    height, width = (side * cell for side in kernels.shape[1:])
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 90, np.uint8)
    for number, kernel in enumerate(kernels):
        top = GAP + (number // columns) * (height + GAP)
        left = GAP + (number % columns) * (width + GAP)
        share = np.abs(kernel)[..., None] / scale
        color = np.where(kernel[..., None] > 0, (40, 40, 210), (210, 80, 40))
        small = np.uint8(255 * (1 - share) + color * share)
        sheet[top : top + height, left : left + width] = small.repeat(cell, 0).repeat(cell, 1)
    return sheet


def side_by_side(images: Sequence[ndarray], captions: Sequence[str]) -> ndarray:
    """Arrange images of one size in a row, with captions above them."""
    height, width = images[0].shape[:2]
    step = width + GAP
    sheet = np.full((height + CAPTION, step * len(images) - GAP, 3), 255, np.uint8)
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left = number * step
        sheet[CAPTION:, left : left + width] = image
        (long, _), _ = cv2.getTextSize(caption, TAG, 0.45, 1)
        size = 0.45 * min(1.0, width / max(long, 1))
        cv2.putText(sheet, caption, (left, 15), TAG, size, (20, 20, 20), 1, cv2.LINE_AA)
    return sheet
