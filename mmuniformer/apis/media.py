"""Read and write images and videos with OpenCV.

Images are uint8 BGR arrays of shape ``(H, W, 3)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
VIDEO_SUFFIXES = ('.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v', '.mpg', '.mpeg')
DEFAULT_FPS = 25.0  # for cameras and files without a frame rate


class MediaError(ValueError):
    """A file or camera cannot be read; the message names it and the reason."""


def read_image(path: str | Path) -> ndarray:
    """Read an image.

    Raises:
        FileNotFoundError: the file does not exist.
        MediaError: OpenCV cannot read the file as an image.
    """
    data = np.fromfile(path, np.uint8)  # cv2.imread does not support non-ASCII paths on Windows
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise MediaError(f'{path} is not an image that OpenCV can read')
    return image


def write_image(path: str | Path, image: ndarray) -> None:
    """Write a PNG file; its folder is created if it does not exist.

    Example:
        >>> image = np.zeros((4, 6, 3), np.uint8)
        >>> write_image('black.png', image)
        >>> np.array_equal(read_image('black.png'), image)
        True
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode('.png', image)
    path.write_bytes(data.tobytes())


class VideoReader:
    """Iterates over the frames of a video file or camera.

    Args:
        source: path, or index of a camera.
        max_frames: stop after this many frames.

    Attributes:
        fps: frames per second.

    Raises:
        MediaError: the source cannot be opened or has no frames.
    """

    def __init__(self, source: str | Path | int, max_frames: int | None = None):
        self.is_camera = isinstance(source, int)
        self.name = f'camera {source}' if self.is_camera else str(source)
        self.max_frames = max_frames
        self.capture = cv2.VideoCapture(source if self.is_camera else str(source))
        if not self.capture.isOpened():
            reason = 'there is none, or another program has it' if self.is_camera else 'not a video'
            raise MediaError(f'{self.name} cannot be opened by OpenCV: {reason}')
        fps = self.capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if 0 < fps < 1000 else DEFAULT_FPS

    def __iter__(self) -> Iterator[ndarray]:
        """Yield frames until the end or Ctrl-C."""
        count = 0
        with closing(self):
            while self.max_frames is None or count < self.max_frames:
                try:
                    success, frame = self.capture.read()
                except KeyboardInterrupt:
                    break
                if not success:
                    break
                count += 1
                yield frame
        if not count:
            raise MediaError(f'{self.name} has no frames')

    def close(self) -> None:
        self.capture.release()


class VideoWriter:
    """Writes frames into an MPEG-4 file; the first frame sets the size.

    The last row or column of odd sides is dropped, because the codec requires even sides.

    Raises:
        OSError: this OpenCV cannot write the file.
    """

    def __init__(self, path: str | Path, fps: float):
        self.path, self.fps = Path(path), fps
        self.writer: cv2.VideoWriter | None = None

    def write(self, frame: ndarray) -> None:
        frame = frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
        if self.writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            codec = cv2.VideoWriter.fourcc(*'mp4v')
            self.writer = cv2.VideoWriter(str(self.path), codec, self.fps, frame.shape[1::-1])
            if not self.writer.isOpened():
                raise OSError(f'OpenCV cannot write MPEG-4 to {self.path}; install opencv-python')
        self.writer.write(np.ascontiguousarray(frame))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.release()


def write_video(path: str | Path, frames: Iterable[ndarray], fps: float) -> None:
    """Write frames of one size as MPEG-4, as :class:`VideoWriter` does."""
    with closing(VideoWriter(path, fps)) as writer:
        for frame in frames:
            writer.write(frame)
