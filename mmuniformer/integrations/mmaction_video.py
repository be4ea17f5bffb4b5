"""Reading for mmaction2: PyAV where decord fails, and a damaged file costs a sample, not the run.

Imported by mmaction2's registries behind its own transforms and data sets.
"""

import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmaction.datasets import RawframeDataset, RepeatAugDataset, VideoDataset
from mmaction.datasets.transforms import DecordInit, RawFrameDecode
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.fileio import FileClient
from mmengine.logging import print_log

from ..engine.load_or_skip import UnreadableError
from . import decord_stand_in

STAND_IN = 'blank'  # key of a sample: black frames take the place of the file
STAND_IN_SIZE = (224, 224)


@TRANSFORMS.register_module()
class OpenVideo(DecordInit):
    """``DecordInit`` with PyAV for what decord cannot read, be it the file or frames of it.

    Frames that PyAV cannot read either are those of the last one before. ``DecordDecode`` of mode
    ``'accurate'`` belongs behind it. Arguments as of ``DecordInit``.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableError: neither library finds a frame in it.
        ImportError: neither library is installed.
    """

    def transform(self, results: dict) -> dict:
        reader = _Black() if results.get(STAND_IN) else self._get_video_reader(results['filename'])
        results['video_reader'] = reader
        results['total_frames'] = len(reader)
        results['avg_fps'] = reader.get_avg_fps()
        return results

    def _get_video_reader(self, filename: str) -> 'VideoReader':
        filename = filename if Path(filename).suffix else f'{filename}.mp4'
        if self.file_client is None:
            self.file_client = FileClient(self.io_backend, **self.kwargs)
        return VideoReader(filename, self.file_client.get(filename), self.num_threads)


class VideoReader:
    """What mmaction2 uses of decord's reader: decord's answers, from its first failure on PyAV's.

    Args:
        name: of the file, for messages.
        content: of the file.
        num_threads: decord's.
    """

    def __init__(self, name: str, content: bytes, num_threads: int = 1):
        self._name, self._content = name, content
        self._left = [
            lambda: _with_decord(content, num_threads),
            lambda: decord_stand_in.VideoReader(io.BytesIO(content)),
        ]
        self._failures: list[Exception] = []
        self._reader: Any = None
        if not len(self):
            raise self._unreadable()

    def __len__(self) -> int:
        return self._ask(len)

    def get_avg_fps(self) -> float:
        return self._ask(lambda reader: reader.get_avg_fps())

    def get_batch(self, indices: Sequence[int]) -> Any:
        return self._ask(lambda reader: reader.get_batch(indices))

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        while self._reader is not None or self._left:
            try:
                if self._reader is None:
                    self._reader = self._left.pop(0)()
                return question(self._reader)
            except Exception as error:  # decoders raise errors of any kind
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


def _with_decord(content: bytes, num_threads: int) -> Any:
    import decord

    if decord.VideoReader is decord_stand_in.VideoReader:
        raise ImportError('decord is not installed')
    return decord.VideoReader(io.BytesIO(content), num_threads=num_threads)


class _Black:
    """A second of black frames."""

    def __len__(self) -> int:
        return 30

    def get_avg_fps(self) -> float:
        return 30.0

    def get_batch(self, indices: Sequence[int]) -> decord_stand_in.Frames:
        return decord_stand_in.Frames(np.zeros((len(indices), *STAND_IN_SIZE, 3), np.uint8))


@TRANSFORMS.register_module()
class ReadFrames(RawFrameDecode):
    """``RawFrameDecode`` that names the folder of a frame it cannot read. Arguments as there.

    Raises:
        FileNotFoundError: there is no such folder.
        UnreadableError: a frame is missing from it or damaged.
    """

    def transform(self, results: dict) -> dict:
        if results.get(STAND_IN):
            imgs = _Black().get_batch(results['frame_inds'].reshape(-1)).asnumpy()
            return {**results, 'imgs': list(imgs), **dict.fromkeys(_SIZES, STAND_IN_SIZE)}
        folder = results['frame_dir']
        if self.io_backend == 'disk' and not Path(folder).is_dir():
            raise FileNotFoundError(f'{folder} is no folder; check data_prefix and the list')
        try:
            results = super().transform(results)
            damaged = [
                number
                for number, image in zip(results['frame_inds'], results['imgs'], strict=True)
                if image is None
            ]
            if damaged:
                raise ValueError(f'frame {damaged[0]} is damaged')
        except Exception as error:  # of the file system, OpenCV or other decoders
            raise UnreadableError(f'{folder} cannot be read: {str(error).strip()}') from error
        return results


_SIZES = ('original_shape', 'img_shape')


class _Lenient:
    """An unreadable file is another one in training, and black, hence counted, in testing.

    Either way the log has a warning with its name. A missing file ends the run.
    """

    def prepare_data(self, idx: int) -> Any:
        try:
            return super().prepare_data(idx)
        except UnreadableError as error:
            fate = 'black frames take its place' if self.test_mode else 'another one is taken'
            print_log(f'{error}; {fate}', logger='current', level=logging.WARNING)
        if not self.test_mode:
            return None  # mmengine's data sets draw another one then
        return self.pipeline({**self.get_data_info(idx), STAND_IN: True})


@DATASETS.register_module()
class LenientVideoDataset(_Lenient, VideoDataset):
    """``VideoDataset`` that a damaged video does not stop: in training another one takes its place,
    in testing black frames. Goes with :class:`OpenVideo`."""


@DATASETS.register_module()
class LenientRawframeDataset(_Lenient, RawframeDataset):
    """``RawframeDataset`` that a damaged frame does not stop, as :class:`LenientVideoDataset`.
    Goes with :class:`ReadFrames`."""


@DATASETS.register_module()
class LenientRepeatAugDataset(_Lenient, RepeatAugDataset):
    """``RepeatAugDataset`` that a damaged video does not stop: another one takes its place.

    The pipeline begins with opening, sampling and decoding, :class:`OpenVideo` or ``DecordInit``.
    """

    def __init__(
        self, *args: Any, num_repeats: int = 4, sample_once: bool = False, **options: Any
    ) -> None:
        # Not that of RepeatAugDataset, which knows decord's transforms by name and no others.
        VideoDataset.__init__(self, *args, test_mode=False, **options)
        self.num_repeats = num_repeats
        self.sample_once = sample_once
