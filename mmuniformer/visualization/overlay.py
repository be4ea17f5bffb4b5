"""Heat on pictures and clips, sheets of kernels, pictures side by side. Pictures are uint8 BGR."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

GAP, CAPTION = 6, 22  # pixels
TAG = cv2.FONT_HERSHEY_SIMPLEX


def to_unit(heat: ndarray) -> ndarray:
    """Stretch to 0 … 1; a constant map becomes 0."""
    low, high = float(heat.min()), float(heat.max())
    if high <= low:
        return np.zeros_like(heat, dtype=np.float32)
    return ((heat - low) / (high - low)).astype(np.float32)


def overlay(picture: ndarray, heat: ndarray, strength: float = 0.5) -> ndarray:
    """Blend ``heat`` ``(h, w)``, 0 to 1, over a picture ``(H, W, 3)``; the size is the picture's.

    Raises:
        ValueError: ``strength`` is not between 0 and 1, or heat is not.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f'strength {strength} is not between 0 and 1')
    if heat.min() < 0 or heat.max() > 1:
        raise ValueError(f'heat is from {heat.min():.3g} to {heat.max():.3g}, not within 0 and 1')
    height, width = picture.shape[:2]
    heat = cv2.resize(heat.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    colours = cv2.applyColorMap(np.uint8(heat * 255 + 0.5), cv2.COLORMAP_TURBO)
    return cv2.addWeighted(picture, 1 - strength, colours, strength, 0)


def mark(picture: ndarray, box: Sequence[float]) -> ndarray:
    """Draw the frame ``(left, top, right, bottom)`` in green: the query, as in Fig. 2."""
    left, top, right, bottom = (round(value) for value in box)
    picture = picture.copy()
    cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), (60, 255, 60), 2)
    return picture


def colour_components(components: ndarray, size: tuple[int, int]) -> ndarray:
    """Three maps ``(3, h, w)``, 0 to 1, as colours of a picture of ``size`` (height, width)."""
    picture = np.uint8(components[::-1].transpose(1, 2, 0) * 255 + 0.5)
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_CUBIC)


def kernel_sheet(kernels: ndarray, columns: int = 16, cell: int = 6) -> ndarray:
    """Kernels ``(n, h, w)`` in rows: blue below 0, white at 0, red above, alike for all."""
    scale = float(np.abs(kernels).max()) or 1.0
    columns = min(columns, len(kernels))
    rows = -(-len(kernels) // columns)
    height, width = (side * cell for side in kernels.shape[1:])
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 90, np.uint8)
    for number, kernel in enumerate(kernels):
        top = GAP + (number // columns) * (height + GAP)
        left = GAP + (number % columns) * (width + GAP)
        share = np.abs(kernel)[..., None] / scale
        colour = np.where(kernel[..., None] > 0, (40, 40, 210), (210, 80, 40))
        small = np.uint8(255 * (1 - share) + colour * share)
        sheet[top : top + height, left : left + width] = small.repeat(cell, 0).repeat(cell, 1)
    return sheet


def side_by_side(pictures: Sequence[ndarray], captions: Sequence[str]) -> ndarray:
    """Pictures of one size in a row, with captions above them."""
    height, width = pictures[0].shape[:2]
    step = width + GAP
    sheet = np.full((height + CAPTION, step * len(pictures) - GAP, 3), 255, np.uint8)
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = number * step
        sheet[CAPTION:, left : left + width] = picture
        (long, _), _ = cv2.getTextSize(caption, TAG, 0.45, 1)
        size = 0.45 * min(1.0, width / max(long, 1))
        cv2.putText(sheet, caption, (left, 15), TAG, size, (20, 20, 20), 1, cv2.LINE_AA)
    return sheet


def write_picture(path: Path, picture: ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode('.png', picture)
    path.write_bytes(data.tobytes())


def write_clip(path: Path, frames: Sequence[ndarray], fps: float) -> None:
    """Write frames of one size as MPEG-4; odd sides lose their last row or column.

    Raises:
        OSError: this OpenCV cannot.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = (side - side % 2 for side in frames[0].shape[:2])
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), fps, (width, height))
    if not writer.isOpened():
        raise OSError(f'this OpenCV cannot write MPEG-4 to {path}; install opencv-python')
    for frame in frames:
        writer.write(frame[:height, :width])
    writer.release()
