"""The part of decord's interface that mmaction2 uses, implemented with PyAV.

decord has no wheels for arm64.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from .load_or_skip import UnreadableError

CPU = 'cpu'
SEQUENTIAL = {'mpeg', 'mpegts', 'asf'}  # FFmpeg's names of formats in which decord loses its place


def cpu(device_id: int = 0) -> str:
    """Return the CPU device, the only one supported."""
    return CPU


class VideoReader:
    """Frames of a video in display order. Every call decodes from the first frame.

    Args:
        uri: path, or open file.
        ctx: device; only the CPU is supported.
        width, height: size of the frames; default: that of the video.
        num_threads: ignored; PyAV chooses the number.

    Raises:
        UnreadableError: the file has no readable frame.
        ImportError: PyAV is not installed.
    """

    def __init__(
        self, uri: Any, ctx: str = CPU, width: int = -1, height: int = -1, num_threads: int = 0
    ):
        try:
            import av
        except ImportError as error:
            raise ImportError('to read videos, install decord or PyAV: pip install av') from error
        if ctx != CPU:
            raise ValueError(f'PyAV decodes on the CPU, not on {ctx!r}')
        self._av = av
        self._content: bytes = uri.read() if hasattr(uri, 'read') else Path(uri).read_bytes()
        self._shape = {'width': width, 'height': height}
        is_key = [frame.key_frame for frame in self._frames()]
        self._total = len(is_key)
        self._next = self._named = 0  # actual position, and position according to decord
        self._keys = [number for number, key in enumerate(is_key) if key] or [0]
        if not self._total:
            raise UnreadableError('PyAV finds no frames')

    def _frames(self) -> Iterator[Any]:
        with self._av.open(io.BytesIO(self._content)) as container:
            stream = container.streams.video[0]
            if stream.codec_context is None:  # unknown codec; decoding crashes PyAV 17
                return
            frames = container.decode(stream)
            while True:
                try:
                    yield next(frames)
                except (StopIteration, self._av.error.FFmpegError):  # the rest is damaged
                    return

    def _pixels(self, frame: Any) -> ndarray:
        shape = {name: size for name, size in self._shape.items() if size > 0}
        return frame.reformat(format='rgb24', **shape).to_ndarray()

    def __len__(self) -> int:
        return self._total

    def __iter__(self) -> Iterator['Frames']:
        for frame in self._frames():
            yield Frames(self._pixels(frame))

    def __getitem__(self, index: int | slice) -> 'Frames':
        if isinstance(index, slice):
            return self.get_batch(range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f'frame {index} of {len(self)}')
        return Frames(self.get_batch([index]).asnumpy()[0])

    def get_avg_fps(self) -> float:
        with self._av.open(io.BytesIO(self._content)) as container:
            return float(container.streams.video[0].average_rate or 0)

    def get_batch(self, indices: Sequence[int]) -> 'Frames':
        """Read frames; an index beyond the end returns the last frame."""
        asked = np.asarray(indices)
        frames = np.where(asked < 0, asked + len(self), asked)
        wanted = np.minimum(frames, len(self) - 1).tolist()
        needed = set(wanted)
        found = {
            number: self._pixels(frame)
            for number, frame in zip(range(max(wanted) + 1), self._frames(), strict=False)
            if number in needed
        }
        return Frames(np.stack([found[number] for number in wanted]))

    def seek(self, pos: int) -> None:
        """Seek to a key frame like decord: forward to one after ``pos``, back to one before."""
        self._check(pos)
        if pos > self._named:
            self._next = next((key for key in self._keys if key >= pos), self._keys[-1])
        elif pos < self._named:
            self._next = max((key for key in self._keys if key <= pos), default=0)
        self._named = pos

    def seek_accurate(self, pos: int) -> None:
        """Seek to frame ``pos``."""
        self._check(pos)
        self._next = self._named = pos

    def _check(self, pos: int) -> None:
        if not 0 <= pos < len(self):
            raise IndexError(f'frame {pos} of {len(self)}')

    def next(self) -> 'Frames':
        """Return the current frame and advance."""
        if self._named >= len(self):
            raise StopIteration
        frame = self[min(self._next, len(self) - 1)]
        self._next, self._named = self._next + 1, self._named + 1
        return frame


def is_safe_for_decord(content: bytes) -> bool:
    """Whether decord reads a video without crashing the process or returning wrong frames.

    decord trusts the number of frames in the header: where the file has fewer, it reads beyond its
    table of frames and the process ends. In MPEG streams and ASF it returns damaged or other frames
    after a jump. True where PyAV, which tells, is not installed.
    """
    try:
        import av
    except ImportError:
        return True
    try:
        with av.open(io.BytesIO(content)) as container:
            stream = container.streams.video[0]
            packets = sum(packet.size > 0 for packet in container.demux(stream))
            return (
                not SEQUENTIAL & set(container.format.name.split(','))
                and stream.codec_context is not None
                and stream.codec_context.width > 0
                and 0 < packets >= stream.frames
            )
    except (av.error.FFmpegError, IndexError, ValueError):
        return False


class Frames:
    """A frame ``(H, W, 3)`` or several ``(N, H, W, 3)``, with the interface of decord's arrays."""

    def __init__(self, pixels: ndarray):
        self._pixels = pixels
        self.shape = pixels.shape

    def asnumpy(self) -> ndarray:
        return self._pixels
