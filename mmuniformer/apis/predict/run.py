"""Predict for sources and write drawings and results; unreadable sources are recorded."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from numpy import ndarray
from rich.progress import track

from ..media import MediaError, VideoReader, VideoWriter, read_image, write_image, write_video
from .drawing import make_overview
from .models import Found, Predictor
from .sources import Source

CAMERA_FRAMES = 64  # default for models of whole videos


def name_outputs(sources: Sequence[Source]) -> list[str]:
    """Name the outputs after their sources; duplicates get a number."""
    names: list[str] = []
    taken = {'overview'}
    for source in sources:
        name, number = source.name, 2
        while name in taken:
            name, number = f'{source.name}_{number}', number + 1
        taken.add(name)
        names.append(name)
    return names


@dataclass
class PredictionRun:
    """Predicts for sources and writes the results to a folder.

    Images are written as ``NAME.png`` and ``NAME.json``, videos and cameras as ``NAME.mp4`` and
    ``NAME.json``, and a grid of the first images as ``overview.png``.

    Args:
        max_frames: maximum number of frames of a video or camera; default: all.
        grid: number of images in the overview; 0 for no overview.
        progress: show a progress bar.

    Attributes:
        counts: number of processed sources, by type.
        objects: number of objects found.
        failures: error messages of the sources that failed.
    """

    predictor: Predictor
    out_dir: Path
    max_frames: int | None = None
    grid: int = 8
    progress: bool = False
    counts: dict[str, int] = field(default_factory=dict, init=False)
    objects: int = field(default=0, init=False)
    failures: list[str] = field(default_factory=list, init=False)
    shown: list[ndarray] = field(default_factory=list, init=False)

    @property
    def overview(self) -> Path:
        return self.out_dir / 'overview.png'

    def __call__(self, sources: Sequence[Source]) -> None:
        """Process all sources; errors are added to ``failures``."""
        self.out_dir.mkdir(parents=True, exist_ok=True)
        named = list(zip(sources, name_outputs(sources), strict=True))
        for source, name in track(named, 'Predicting', disable=not self.progress):
            # An error in one source does not stop the others.
            try:
                self._use(source, name)
            except Exception as error:
                known = isinstance(error, MediaError | OSError)  # their messages name the file
                self.failures.append(str(error) if known else f'{source}: {error!r}')
        if self.shown:
            write_image(self.overview, make_overview(self.shown))

    def _use(self, source: Source, name: str) -> None:
        if source.type == 'image':
            self._use_image(source, name)
        elif 'image' in self.predictor.takes:
            self._use_frames(source, name)
        else:
            self._use_video(source, name)
        self.counts[source.type] = self.counts.get(source.type, 0) + 1

    def _use_image(self, source: Source, name: str) -> None:
        image = read_image(source.text)
        found = self.predictor(image)
        drawn = self.predictor.draw(image, found)
        write_image(self.out_dir / f'{name}.png', drawn)
        self._add(source, name, found, [found], drawn)

    def _use_frames(self, source: Source, name: str) -> None:
        reader = VideoReader(source.capture, self.max_frames)
        frames = []
        with closing(VideoWriter(self.out_dir / f'{name}.mp4', reader.fps)) as writer:
            for frame in reader:
                frames.append(self.predictor(frame))
                drawn = self.predictor.draw(frame, frames[-1])
                writer.write(drawn)
        self._add(source, name, {'rate': reader.fps, 'frames': frames}, frames, drawn)

    def _use_video(self, source: Source, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(source.text)
            limit = self.max_frames or (CAMERA_FRAMES if source.type == 'camera' else None)
            if limit is not None:
                path = Path(folder) / 'taken.mp4'
                reader = VideoReader(source.capture, limit)
                write_video(path, reader, reader.fps)
            reader = VideoReader(path)
            found = self.predictor(path)
            with closing(VideoWriter(self.out_dir / f'{name}.mp4', reader.fps)) as writer:
                for frame in reader:
                    drawn = self.predictor.draw(frame, found)
                    writer.write(drawn)
        self._add(source, name, found, [found], drawn)

    def _add(
        self, source: Source, name: str, content: Found, found: Sequence[Found], drawn: ndarray
    ) -> None:
        content = {'input': source.text, **content}
        (self.out_dir / f'{name}.json').write_text(json.dumps(content) + '\n')
        self.objects += sum(map(self.predictor.count, found))
        if len(self.shown) < self.grid:
            self.shown.append(drawn)
