"""What a demo is given: pictures, videos, folders of them, patterns, and numbers of cameras."""

from __future__ import annotations

import argparse
import glob
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

PICTURES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
VIDEOS = ('.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v', '.mpg', '.mpeg')
USUAL_RATE = 25.0  # frames a second, for cameras and files that do not tell


class InputError(RuntimeError):
    """An input that cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Source:
    """An input: ``kind`` is ``'picture'``, ``'video'`` or ``'camera'``."""

    text: str
    kind: str

    @property
    def name(self) -> str:
        """What its outputs are called after."""
        return f'camera{self.text}' if self.kind == 'camera' else Path(self.text).stem

    def __str__(self) -> str:
        return f'camera {self.text}' if self.kind == 'camera' else self.text


def read_picture(path: str | Path) -> ndarray | None:
    """Read as BGR, ``None`` if this is no picture."""
    data = np.fromfile(path, np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None


def find_inputs(
    parser: argparse.ArgumentParser, inputs: Sequence[str], kinds: Sequence[str]
) -> list[Source]:
    """Expand folders and patterns; every argument has to lead to something of these ``kinds``."""
    suffixes = [s for kind, all_of in SUFFIXES.items() if kind in kinds for s in all_of]
    found: list[Source] = []
    for text in inputs:
        path = Path(text)
        if text.isdigit() and not path.exists():
            found.append(Source(text, 'camera'))
            continue
        if path.is_dir():
            paths = [item for item in path.iterdir() if item.suffix.lower() in suffixes]
            if not paths:
                wanted = ' or '.join(f'{kind}s' for kind in kinds)
                parser.error(f'the folder {text} holds no {wanted} ({", ".join(suffixes)})')
        elif path.is_file():
            paths = [path]
        else:
            paths = [Path(item) for item in glob.glob(text, recursive=True) if Path(item).is_file()]
            if not paths:
                wanted = ', '.join(f'no {kind}' for kind in kinds)
                parser.error(f'{text} is {wanted}, no folder, and no pattern that matches a file')
        found += [Source(str(path), kind_of(parser, path, kinds)) for path in sorted(paths)]
    return list(dict.fromkeys(found))


SUFFIXES = {'picture': PICTURES, 'video': VIDEOS}


def kind_of(parser: argparse.ArgumentParser, path: Path, kinds: Sequence[str]) -> str:
    """Tell by the ending; what has another one has to be a picture."""
    kind = next((k for k, all_of in SUFFIXES.items() if path.suffix.lower() in all_of), None)
    if kind is None and 'picture' in kinds and read_picture(path) is not None:
        kind = 'picture'
    if kind not in kinds:
        wanted = ' or '.join(kinds)
        parser.error(f'{path} is no {wanted} that OpenCV can read')
    return kind


class Clip:
    """The frames of a video or of a camera, as they come.

    Attributes:
        rate: frames a second.

    Raises:
        InputError: it cannot be opened.
    """

    def __init__(self, source: Source, limit: int | None = None):
        self.source, self.limit = source, limit
        camera = source.kind == 'camera'
        self.capture = cv2.VideoCapture(int(source.text) if camera else source.text)
        if not self.capture.isOpened():
            reason = 'there is none, or another program has it' if camera else 'not a video'
            raise InputError(f'{source} cannot be opened by OpenCV: {reason}')
        rate = self.capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate < 1000 else USUAL_RATE

    def __iter__(self) -> Iterator[ndarray]:
        """Give every frame as BGR; Ctrl-C ends what a camera gives."""
        number = 0
        with closing(self):
            while self.limit is None or number < self.limit:
                try:
                    there, frame = self.capture.read()
                except KeyboardInterrupt:
                    break
                if not there:
                    break
                number += 1
                yield frame
        if not number:
            raise InputError(f'{self.source} gives no frame')

    def close(self) -> None:
        self.capture.release()


class Recorder:
    """Writes frames of one size into an mp4 file; its first frame says which size."""

    def __init__(self, path: Path, rate: float):
        self.path, self.rate = path, rate
        self.writer: cv2.VideoWriter | None = None

    def write(self, frame: ndarray) -> None:
        # The codec wants even numbers of rows and columns.
        frame = frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
        if self.writer is None:
            kind = cv2.VideoWriter_fourcc(*'mp4v')
            self.writer = cv2.VideoWriter(str(self.path), kind, self.rate, frame.shape[1::-1])
            if not self.writer.isOpened():
                raise InputError(f'OpenCV cannot write the video {self.path}')
        self.writer.write(np.ascontiguousarray(frame))

    def close(self) -> None:
        if self.writer is not None:
            self.writer.release()
