"""Inputs of predictors: images, videos, folders, glob patterns, and cameras by index."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..media import IMAGE_SUFFIXES, VIDEO_SUFFIXES, MediaError, read_image

MediaType = Literal['image', 'video', 'camera']
SUFFIXES: dict[MediaType, tuple[str, ...]] = {'image': IMAGE_SUFFIXES, 'video': VIDEO_SUFFIXES}
BOTH: tuple[MediaType, ...] = ('image', 'video')


@dataclass(frozen=True)
class Source:
    """A file, or a camera by its index."""

    text: str
    type: MediaType

    @property
    def name(self) -> str:
        """Name of the output files, without suffix."""
        return f'camera{self.text}' if self.type == 'camera' else Path(self.text).stem

    @property
    def capture(self) -> str | int:
        """Argument for :class:`~mmuniformer.apis.media.VideoReader`."""
        return int(self.text) if self.type == 'camera' else self.text

    def __str__(self) -> str:
        return f'camera {self.text}' if self.type == 'camera' else self.text


def find_sources(inputs: Sequence[str | Path], types: Sequence[MediaType] = BOTH) -> list[Source]:
    """Expand folders and patterns to files of these types; numbers are cameras.

    Example:
        >>> find_sources([0])
        [Source(text='0', type='camera')]

    Raises:
        ValueError: an input matches no file of these types.
    """
    found: list[Source] = []
    for text in map(str, inputs):
        if text.isdigit() and not Path(text).exists():
            found.append(Source(text, 'camera'))
        else:
            paths = sorted(_expand(text, types))
            found += [Source(str(path), find_type(path, types)) for path in paths]
    return list(dict.fromkeys(found))


def _expand(text: str, types: Sequence[MediaType]) -> list[Path]:
    path = Path(text)
    if path.is_file():
        return [path]
    if path.is_dir():
        suffixes = [suffix for type_ in types for suffix in SUFFIXES[type_]]
        paths = [item for item in path.iterdir() if item.suffix.lower() in suffixes]
        if not paths:
            wanted = ' or '.join(f'{type_}s' for type_ in types)
            raise ValueError(f'the folder {text} has no {wanted} ({", ".join(suffixes)})')
        return paths
    paths = [Path(item) for item in glob.glob(text, recursive=True) if Path(item).is_file()]
    if not paths:
        wanted = ', '.join(f'no {type_}' for type_ in types)
        raise ValueError(f'{text} is {wanted}, no folder, and no pattern that matches a file')
    return paths


def find_type(path: Path, types: Sequence[MediaType]) -> MediaType:
    """Return the type of a file by its suffix; unknown suffixes count as images.

    Raises:
        ValueError: the type is not one of these.
    """
    suffix = path.suffix.lower()
    type_ = next((name for name, suffixes in SUFFIXES.items() if suffix in suffixes), None)
    if type_ is None and 'image' in types and _is_image(path):
        type_ = 'image'
    if type_ is None or type_ not in types:
        raise ValueError(f'{path} is no {" or ".join(types)} that OpenCV can read')
    return type_


def _is_image(path: Path) -> bool:
    try:
        read_image(path)
    except MediaError:
        return False
    return True
