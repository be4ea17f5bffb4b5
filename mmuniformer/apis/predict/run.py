"""From inputs to files: predict, draw, write, and name what could not be read at the end."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from numpy import ndarray
from rich.progress import track

from .drawing import make_overview, write_picture
from .inputs import Clip, InputError, Recorder, Source, read_picture
from .models import Found, Predictor

CAMERA_FRAMES = 64  # that a model of whole videos is given if nobody says how many


def output_names(sources: Sequence[Source]) -> list[str]:
    """Name every output after its input; inputs of the same name get a number."""
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
class Run:
    """One run of a demo: where its files go, and what has come of it so far.

    Attributes:
        frames: of a video or camera, at most.
        whole: videos are given to the model as files, not frame by frame.
        grid: how many pictures the overview shows.
    """

    predict: Predictor
    out_dir: Path
    frames: int | None = None
    whole: bool = False
    grid: int = 8
    counts: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    shown: list[ndarray] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __call__(self, sources: Sequence[Source]) -> int:
        """Work through all sources; the exit status is 1 if one could not be used."""
        self.out_dir.mkdir(parents=True, exist_ok=True)
        named = list(zip(sources, output_names(sources), strict=True))
        for source, name in track(named, 'Predicting', disable=not sys.stderr.isatty()):
            # Whatever is wrong with one input, the others still have their turn.
            try:
                self.use(source, name)
            except Exception as error:
                reason = str(error) if isinstance(error, InputError) else repr(error)
                self.failures.append(f'{source}: {reason}')
        self.report()
        return 1 if self.failures else 0

    def use(self, source: Source, name: str) -> None:
        if source.kind == 'picture':
            self.use_picture(source, name)
        elif self.whole:
            self.use_whole_video(source, name)
        else:
            self.use_frames(source, name)
        self.counts[source.kind] = self.counts.get(source.kind, 0) + 1

    def use_picture(self, source: Source, name: str) -> None:
        picture = read_picture(source.text)
        if picture is None:
            raise InputError('not a picture that OpenCV can read')
        found = self.predict(picture)
        drawn = self.predict.draw(picture, found)
        write_picture(self.out_dir / f'{name}.png', drawn)
        self.write_json(name, {'input': source.text, **found})
        self.note(found, drawn)

    def use_frames(self, source: Source, name: str) -> None:
        clip = Clip(source, self.frames)
        recorder = Recorder(self.out_dir / f'{name}.mp4', clip.rate)
        frames = []
        try:
            for frame in clip:
                found = self.predict(frame)
                drawn = self.predict.draw(frame, found)
                recorder.write(drawn)
                frames.append(found)
        finally:
            recorder.close()
        self.write_json(name, {'input': source.text, 'rate': clip.rate, 'frames': frames})
        self.note(found, drawn)
        self.objects += sum(self.predict.count(each) for each in frames[:-1])

    def use_whole_video(self, source: Source, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(source.text)
            limit = self.frames or (CAMERA_FRAMES if source.kind == 'camera' else None)
            if limit is not None:
                path = Path(folder) / 'taken.mp4'
                copy_clip(Clip(source, limit), path)
            clip = Clip(Source(str(path), 'video'))
            found = self.predict(path)
            recorder = Recorder(self.out_dir / f'{name}.mp4', clip.rate)
            try:
                for frame in clip:
                    drawn = self.predict.draw(frame, found)
                    recorder.write(drawn)
            finally:
                recorder.close()
        self.write_json(name, {'input': source.text, **found})
        self.note(found, drawn)

    def write_json(self, name: str, content: Found) -> None:
        (self.out_dir / f'{name}.json').write_text(json.dumps(content) + '\n')

    def note(self, found: Found, drawn: ndarray) -> None:
        self.objects += self.predict.count(found)
        if len(self.shown) < self.grid:
            self.shown.append(drawn)

    def report(self) -> None:
        done = ' and '.join(
            f'{number} {kind}{"s" if number != 1 else ""}' for kind, number in self.counts.items()
        )
        if done:
            print(f'{self.objects} {self.predict.noun} in {done}, drawn into {self.out_dir}')
        if self.shown:
            write_picture(self.out_dir / 'overview.png', make_overview(self.shown))
            print(self.out_dir / 'overview.png')
        for failure in self.failures:
            print(f'not used: {failure}', file=sys.stderr)


def copy_clip(clip: Clip, path: Path) -> None:
    """Write the frames into a file."""
    recorder = Recorder(path, clip.rate)
    try:
        for frame in clip:
            recorder.write(frame)
    finally:
        recorder.close()
