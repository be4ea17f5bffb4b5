"""Video reading with decord, or PyAV if it fails, and data sets that tolerate damaged files."""

import io
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log

from . import pyav_reader
from .load_or_skip import UnreadableError

BLANK = 'blank'  # key of a sample whose file is replaced by black frames
BLANK_SIZE = (224, 224)  # height and width


class FallbackVideoReader:
    """The interface of decord's ``VideoReader`` that mmaction2 uses; falls back to PyAV.

    Args:
        name: file name for messages.
        content: content of the file.
        num_threads: number of threads of decord.

    Raises:
        UnreadableError: neither library can read a frame.
        ImportError: neither library is installed.
    """

    def __init__(self, name: str, content: bytes, num_threads: int = 1):
        self._name, self._content = name, content
        self._remaining = [
            lambda: _open_with_decord(content, num_threads),
            lambda: pyav_reader.VideoReader(io.BytesIO(content)),
        ]
        self._failures: list[Exception] = []
        self._reader: Any = None
        if not len(self):
            raise self._unreadable()

    def __len__(self) -> int:
        return self._call(len)

    def get_avg_fps(self) -> float:
        return self._call(lambda reader: reader.get_avg_fps())

    def get_batch(self, indices: Sequence[int]) -> Any:
        return self._call(lambda reader: reader.get_batch(indices))

    def _call(self, function: Callable[[Any], Any]) -> Any:
        while self._reader is not None or self._remaining:
            try:
                if self._reader is None:
                    self._reader = self._remaining.pop(0)()
                return function(self._reader)
            except Exception as error:  # decoders raise errors of any type
                self._reader = None
                self._failures.append(error)
        if all(isinstance(error, ImportError) for error in self._failures):
            raise ImportError('to read videos, install decord or PyAV: pip install decord av')
        raise self._unreadable()

    def _unreadable(self) -> UnreadableError:
        reasons = '; '.join(str(error).strip().split('\n')[0] for error in self._failures)
        return UnreadableError(
            f'{self._name}, {len(self._content)} bytes, cannot be read: {reasons or "no frames"}'
        )


def _open_with_decord(content: bytes, num_threads: int) -> Any:
    import decord

    if decord.VideoReader is pyav_reader.VideoReader:
        raise ImportError('decord is not installed')
    if not pyav_reader.is_safe_for_decord(content):
        raise UnreadableError('decord cannot be trusted with this file')
    return decord.VideoReader(io.BytesIO(content), num_threads=num_threads)


class BlankVideoReader:
    """One second of black frames."""

    def __len__(self) -> int:
        return 30

    def get_avg_fps(self) -> float:
        return 30.0

    def get_batch(self, indices: Sequence[int]) -> pyav_reader.Frames:
        return pyav_reader.Frames(np.zeros((len(indices), *BLANK_SIZE, 3), np.uint8))


class SkipUnreadable:
    """Mixin for data sets of mmengine that replaces samples with unreadable files.

    In training, another sample is drawn. In testing, black frames are used, so that the number of
    samples does not change. A warning names the file. A missing file is an error.
    """

    def prepare_data(self, idx: int) -> Any:
        try:
            return super().prepare_data(idx)
        except UnreadableError as error:
            action = 'black frames take its place' if self.test_mode else 'another one is taken'
            print_log(f'{error}; {action}', logger='current', level=logging.WARNING)
        if not self.test_mode:
            return None  # mmengine's data sets then draw another one
        return self.pipeline({**self.get_data_info(idx), BLANK: True})
