"""Read lists of Kinetics videos: those of mmaction2, and the tables of the releases."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from ..weights.class_names import plain

COLUMNS = ('youtube_id', 'time_start', 'time_end', 'split', 'label')
SPLITS = {'train': ('train',), 'val': ('val', 'validate', 'validation')}
# <YouTube id>_<start>_<end>, as named by downloaders, or the id only.
_CLIP = re.compile(r'(?P<id>[\w-]{11})_(?P<start>\d{6})_(?P<end>\d{6})', re.ASCII)
_ID = re.compile(r'(?P<id>[\w-]{11})', re.ASCII)


class ListError(ValueError):
    """A line of a list is invalid; the message starts with the file and line number."""


@dataclass(frozen=True, slots=True)
class Video:
    """A line of a list: path, source and class.

    ``clip`` is the YouTube id with start and end in seconds, or the id only if the name has no
    times.
    """

    path: str
    clip: tuple[str, ...]
    row: int

    @property
    def youtube_id(self) -> str:
        return self.clip[0]


@dataclass(frozen=True)
class ListFile:
    """A list of videos.

    Attributes:
        path: file with lines ``PATH LABEL``, or a table with the columns :data:`COLUMNS`.
        names: class names in the order of the labels.
        rows: row of each class in the merged classes.
        prefix: prefix of the paths.
        split: rows of a table to read: ``'train'`` or ``'val'``.
    """

    path: Path
    names: Sequence[str]
    rows: Sequence[int]
    prefix: str
    split: str

    def read(self) -> list[Video]:
        """Read all videos in the order of the file.

        Raises:
            FileNotFoundError: the file does not exist.
            ListError: a line is malformed, or its class is not in the data set.
        """
        if not self.path.is_file():
            raise FileNotFoundError(f'list {self.path} does not exist or is not a file')
        try:
            lines = self.path.read_text(encoding='utf-8-sig').splitlines()
        except UnicodeDecodeError as error:
            raise ListError(f'{self.path}: not a text file in UTF-8 ({error})') from error
        is_table = bool(lines) and 'youtube_id' in lines[0].split(',')
        videos = list(self._table(lines) if is_table else self._plain(lines))
        if not videos:
            of = f' of split {self.split}' if is_table else ''
            raise ListError(f'{self.path}: no videos{of}')
        return videos

    def _plain(self, lines: Sequence[str]) -> Iterator[Video]:
        folders = {plain(name): label for label, name in enumerate(self.names)}
        for number, line in enumerate(lines, 1):
            fields = line.split()
            if len(fields) != 2 or not fields[1].isdecimal():
                raise self._error(number, f'{line!r} is not "PATH LABEL", two words and no more')
            path, label = PurePosixPath(fields[0]), int(fields[1])
            if label >= len(self.names):
                raise self._error(
                    number, f'label {label} is out of range; allowed are 0 to {len(self.names) - 1}'
                )
            if folders.get(plain(path.parent.name), label) != label:
                raise self._error(
                    number,
                    f'label {label} is {self.names[label]!r}, but the folder {path.parent.name!r}; '
                    'the list numbers the classes in another order, give it with --classes',
                )
            match = _CLIP.fullmatch(path.stem) or _ID.fullmatch(path.stem)
            if match is None:
                raise self._error(
                    number,
                    f'{path.name!r} is not named by a YouTube id (11 characters), or by '
                    'ID_START_END with six digits each; copies cannot be told by it',
                )
            yield Video(f'{self.prefix}{path}', match.groups(), self.rows[label])

    def _table(self, lines: Sequence[str]) -> Iterator[Video]:
        labels = {plain(name): label for label, name in enumerate(self.names)}
        reader = csv.DictReader(lines)
        columns = reader.fieldnames or ()
        if absent := [column for column in COLUMNS if column not in columns]:
            raise self._error(1, f'the table has no column {", ".join(absent)}')
        for row in reader:
            number = reader.line_num
            if None in row or None in row.values():
                raise self._error(number, f'not {len(columns)} fields, as the first line')
            if row['split'] not in SPLITS[self.split]:
                continue
            start, end = row['time_start'], row['time_end']
            if not (_ID.fullmatch(row['youtube_id']) and start.isdecimal() and end.isdecimal()):
                raise self._error(
                    number,
                    f'{row["youtube_id"]!r}, {start!r}, {end!r} are not a YouTube id of 11 '
                    'characters and two whole numbers of seconds',
                )
            clip = (row['youtube_id'], f'{int(start):06}', f'{int(end):06}')
            folder = row['label'].replace(' ', '_')
            path = f'{self.prefix}{folder}/{"_".join(clip)}.mp4'
            yield Video(path, clip, self.rows[self._label(number, row['label'], labels)])

    def _label(self, number: int, name: str, labels: dict[str, int]) -> int:
        if plain(name) not in labels:
            close = get_close_matches(name, self.names, 1)
            hint = f'; is it {close[0]!r}?' if close else ''
            raise self._error(number, f'{name!r} is none of the {len(self.names)} classes{hint}')
        return labels[plain(name)]

    def _error(self, number: int, message: str) -> ListError:
        return ListError(f'{self.path}:{number}: {message}')
