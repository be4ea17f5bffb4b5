"""Skip damaged files of a data set, or name them in an error."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from mmengine.logging import print_log
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from PIL import Image

from ...registry import TRANSFORMS

OnError = Literal['skip', 'raise']
# Keys of a sample with file names.
PATHS = ('img_path', 'seg_map_path', 'filename', 'frame_dir')
_ENDS = {
    b'\xff\xd8\xff': b'\xff\xd9',
    b'\x89PNG\r\n': b'IEND\xaeB`\x82',
}  # start → end of JPEG and PNG files
_TAIL = 64


class UnreadableError(RuntimeError):
    """An existing image, video or frame cannot be read; the message names the file."""


@TRANSFORMS.register_module()
class LoadOrSkip:
    """Run the transforms that load a sample and handle unreadable files.

    Truncated JPEG and PNG files count as unreadable, although OpenCV fills the rest with gray. A
    missing file is always an error, because usually the folder is wrong and all files are missing.

    Args:
        transforms: configs of the transforms that read and decode, of any toolbox.
        on_error: ``'skip'`` logs a warning with the file name and returns ``None``: in training,
            mmengine's data sets then draw another sample, up to ``max_refetch`` times; in testing
            they stop, because dropping a sample changes the metric. ``'raise'`` always raises.

    Raises:
        ValueError: ``on_error`` is not one of these.
        UnreadableError: a file cannot be read and ``on_error='raise'``.
        FileNotFoundError: a file is missing.
    """

    def __init__(self, transforms: Sequence[Mapping], on_error: OnError = 'skip'):
        if on_error not in get_args(OnError):
            raise ValueError(f'on_error {on_error!r} is none of {", ".join(get_args(OnError))}')
        self.transforms = [MMENGINE_TRANSFORMS.build(transform) for transform in transforms]
        self.on_error = on_error
        self._warned: set[str] = set()

    def __call__(self, results: dict) -> dict | None:
        try:
            return self._load(results)
        except UnreadableError as error:
            if self.on_error == 'raise':
                raise
            if str(error) not in self._warned:
                self._warned.add(str(error))
                print_log(f'{error}; skipped', logger='current', level=logging.WARNING)
            return None

    def _load(self, results: dict) -> dict:
        paths = [str(results[key]) for key in PATHS if results.get(key)]
        for transform in self.transforms:
            try:
                results = transform(results)
            except (FileNotFoundError, ImportError):
                raise
            except Exception as error:  # decoders raise errors of any type
                raise _unreadable(paths, transform, str(error) or repr(error)) from error
            if results is None:
                raise _unreadable(paths, transform, 'it returns no sample')
        for path in paths:
            _check_complete(Path(path))
        return results

    def __repr__(self) -> str:
        name = type(self).__name__
        return f'{name}(transforms={self.transforms}, on_error={self.on_error!r})'


def _unreadable(paths: Sequence[str], transform: Any, reason: str) -> UnreadableError:
    reason = reason.strip().split('\n')[0]
    return UnreadableError(
        f'{" with ".join(paths)} cannot be read: {type(transform).__name__}: {reason}'
    )


def _check_complete(path: Path) -> None:
    """Raise if an image is truncated; files without the usual end marker are decoded again."""
    if not path.is_file():  # a folder of frames, or remote storage
        return
    with path.open('rb') as file:
        head = file.read(_TAIL)
        end = next((end for start, end in _ENDS.items() if head.startswith(start)), None)
        file.seek(max(0, path.stat().st_size - _TAIL))
        if end is None or file.read().rstrip(b'\0\r\n ').endswith(end):
            return
        file.seek(0)
        try:
            Image.open(file).load()
        except (OSError, SyntaxError, ValueError) as error:
            raise UnreadableError(f'{path} cannot be read to its end: {error}') from error
