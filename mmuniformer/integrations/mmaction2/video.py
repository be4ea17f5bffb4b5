"""Fault-tolerant video reading of :mod:`mmuniformer.engine.reliability` for mmaction2.

Imported by mmaction2's registries after its own transforms and data sets.
"""

from pathlib import Path
from typing import Any

from mmaction.datasets import RawframeDataset, RepeatAugDataset, VideoDataset
from mmaction.datasets.transforms import DecordInit, RawFrameDecode
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.fileio import FileClient

from ...engine.reliability.load_or_skip import UnreadableError
from ...engine.reliability.video_reader import (
    BLANK,
    BLANK_SIZE,
    BlankVideoReader,
    FallbackVideoReader,
    SkipUnreadable,
)


@TRANSFORMS.register_module()
class OpenVideo(DecordInit):
    """``DecordInit`` that uses PyAV for files or frames that decord cannot read.

    A frame that PyAV cannot read either is replaced by the last one before it. Use
    ``DecordDecode`` with mode ``'accurate'`` after it. The arguments are those of ``DecordInit``.

    Raises:
        FileNotFoundError: there is no such file.
        UnreadableError: neither library finds a frame in it.
        ImportError: neither library is installed.
    """

    file_client: FileClient | None

    def transform(self, results: dict) -> dict:
        reader: BlankVideoReader | FallbackVideoReader
        if results.get(BLANK):
            reader = BlankVideoReader()
        else:
            reader = self._get_video_reader(results['filename'])
        results['video_reader'] = reader
        results['total_frames'] = len(reader)
        results['avg_fps'] = reader.get_avg_fps()
        return results

    def _get_video_reader(self, filename: str) -> FallbackVideoReader:
        filename = filename if Path(filename).suffix else f'{filename}.mp4'
        if self.file_client is None:
            self.file_client = FileClient(self.io_backend, **self.kwargs)
        return FallbackVideoReader(filename, self.file_client.get(filename), self.num_threads)


@TRANSFORMS.register_module()
class ReadFrames(RawFrameDecode):
    """``RawFrameDecode`` that names the folder of a frame it cannot read, with its arguments.

    Raises:
        FileNotFoundError: there is no such folder.
        UnreadableError: a frame is missing from it or damaged.
    """

    def transform(self, results: dict) -> dict:
        if results.get(BLANK):
            imgs = BlankVideoReader().get_batch(results['frame_inds'].reshape(-1)).asnumpy()
            sizes = dict.fromkeys(('original_shape', 'img_shape'), BLANK_SIZE)
            return {**results, 'imgs': list(imgs), **sizes}
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


@DATASETS.register_module()
class LenientVideoDataset(SkipUnreadable, VideoDataset):
    """``VideoDataset`` that a damaged video does not stop. Use it with :class:`OpenVideo`.

    In training another video takes its place, in testing black frames.
    """


@DATASETS.register_module()
class LenientRawframeDataset(SkipUnreadable, RawframeDataset):
    """``RawframeDataset`` that a damaged frame does not stop. Use it with :class:`ReadFrames`.

    In training another clip takes its place, in testing black frames.
    """


@DATASETS.register_module()
class LenientRepeatAugDataset(SkipUnreadable, RepeatAugDataset):
    """``RepeatAugDataset`` that a damaged video does not stop: another one takes its place.

    The pipeline begins with opening, sampling and decoding, :class:`OpenVideo` or ``DecordInit``.
    """

    def __init__(
        self, *args: Any, num_repeats: int = 4, sample_once: bool = False, **options: Any
    ) -> None:
        # Skips RepeatAugDataset.__init__, which accepts the transforms of decord by name alone.
        VideoDataset.__init__(self, *args, test_mode=False, **options)
        self.num_repeats = num_repeats
        self.sample_once = sample_once
