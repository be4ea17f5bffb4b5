"""Small videos."""

from collections.abc import Sequence
from pathlib import Path

import cv2
from numpy import ndarray


def write_video(path: Path, frames: Sequence[ndarray]) -> Path:
    """Write frames ``(H, W, 3)`` as MPEG-4 of 25 frames per second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = cv2.VideoWriter_fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), codec, 25, frames[0].shape[1::-1])
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path
