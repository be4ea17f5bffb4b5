"""The released files of the family, as rows of a table: what each is, and how to identify it.

The table is ``zoo.csv``. Unknown values are empty there and ``None`` here: most files
have no direct link, and few have a known hash. Metrics are those that the ``source`` reports for
the file, in percent.
"""

import ast
import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

_MD5_OR_SHA256 = re.compile(r'[0-9a-f]{32}|[0-9a-f]{64}')
_WHOLE = ('head_dim', 'classes', 'params')
SUFFIX = re.compile(r'\.(pth|pyth|pt|safetensors)$')
_GITHUB = 'https://github.com'
_AUTHORS = {
    'image': f'{_GITHUB}/Sense-X/UniFormer/tree/main/image_classification',
    'video': f'{_GITHUB}/Sense-X/UniFormer/tree/main/video_classification',
    'det': f'{_GITHUB}/Sense-X/UniFormer/tree/main/object_detection',
    'seg': f'{_GITHUB}/Sense-X/UniFormer/tree/main/semantic_segmentation',
    'pose': f'{_GITHUB}/Sense-X/UniFormer/tree/main/pose_estimation',
}
# The authors' own copies; which of the files are there has changed over time.
_MIRRORS = {
    'image': 'https://huggingface.co/Sense-X/uniformer_image',
    'video': 'https://huggingface.co/Sense-X/uniformer_video',
}


@dataclass(frozen=True)
class Published:
    """A released file.

    Attributes:
        name: of the file without its ending, or of the experiment where the file's is not known.
        task: ``'image'``, ``'video'``, ``'det'``, ``'seg'`` or ``'pose'``.
        backbone: class of :mod:`mmuniformer.models`.
        arch: row of that class's table.
        head_dim: channels of an attention head, which the weights do not show.
        options: further arguments of the backbone, ``key=value`` with blanks between them.
        classes: rows of the classifier, or joints.
        params: of the whole model, head included.
        metric: what ``value`` is: ``'top1'``, ``'box_AP'``, ``'mIoU'``, ``'AP'``.
        config: name of the config here of the same model.
        aliases: other names of the file, blanks between them.
        url: a direct link.
        sha256: all 64 digits, or the first 8 where only the file's name tells them.
    """

    name: str
    task: str
    backbone: str
    arch: str
    head_dim: int
    options: str | None
    data: str
    classes: int
    params: int | None = None
    metric: str | None = None
    value: float | None = None
    source: str | None = None
    config: str | None = None
    file: str | None = None
    aliases: str | None = None
    url: str | None = None
    md5: str | None = None
    sha256: str | None = None
    license: str | None = None

    @property
    def file_name(self) -> str:
        """The name under which configs look for the file."""
        return self.file or f'{self.name}.pth'

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of the backbone class: ``arch``, and what else differs from its defaults."""
        pairs = (option.split('=') for option in (self.options or '').split())
        return {'arch': self.arch, **{key: ast.literal_eval(value) for key, value in pairs}}

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that finds this row."""
        return tuple(filter(None, [self.name, self.file, *(self.aliases or '').split()]))

    @property
    def pages(self) -> tuple[str, ...]:
        """Pages of the authors that link to the file."""
        if self.url and '/mmaction/' in self.url:
            folder = 'uniformerv2' if self.backbone == 'UniFormerV2' else 'uniformer'
            return (f'{_GITHUB}/open-mmlab/mmaction2/tree/main/configs/recognition/{folder}',)
        if self.backbone == 'UniFormerV2':
            return (f'{_GITHUB}/OpenGVLab/UniFormerV2/blob/main/MODEL_ZOO.md',)
        if self.task == 'pose' and self.url:
            return (f'{_GITHUB}/open-mmlab/mmpose/tree/main/projects/uniformer',)
        mirror = _MIRRORS.get(self.task)
        return (_AUTHORS[self.task], *([mirror] if mirror else []))


@cache
def zoo() -> Mapping[str, Published]:
    """Every row by its name."""
    lines = (files(__package__) / 'zoo.csv').read_text(encoding='utf-8').splitlines()
    return MappingProxyType({row['name']: _published(row) for row in csv.DictReader(lines)})


def _published(row: Mapping[str, str]) -> Published:
    values: dict[str, Any] = {field.name: row[field.name] or None for field in fields(Published)}
    values |= {name: int(row[name]) if row[name] else None for name in _WHOLE}
    return Published(**{**values, 'value': float(row['value']) if row['value'] else None})


@cache
def _by_any_name() -> Mapping[str, Published]:
    return {name: row for row in zoo().values() for name in row.names}


def published_files() -> Iterator[Published]:
    """Every row, by task."""
    return iter(zoo().values())


def find(name: str) -> Published:
    """Look up a file by its name, with or without folder and ending, or by its alias.

    Raises:
        ValueError: no such file; the message lists similar names.
    """
    found = find_by_name(name)
    if found is None:
        raise ValueError(f'no released file is called {name!r}{similar_names(name)}')
    return found


def similar_names(name: str) -> str:
    """Up to three similar names as the end of an error message, or ''."""
    close = get_close_matches(PurePath(name).name, _by_any_name(), n=3)
    return f'; did you mean {" or ".join(close)}?' if close else ''


def find_by_name(name: str | PurePath) -> Published | None:
    """As :func:`find`, but ``None`` for an unknown file."""
    name = PurePath(name).name
    rows = _by_any_name()
    return rows.get(name) or rows.get(SUFFIX.sub('', name))


def identify(source: str | Path) -> Published | None:
    """Tell which released file this is by its hash; ``None`` if it has none of the known hashes.

    Args:
        source: a file, or the hexadecimal digits of its SHA-256 or MD5.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if isinstance(source, str) and _MD5_OR_SHA256.fullmatch(source.lower()):
        digests = [source.lower()]
    else:
        digests = _digests(Path(source))
    return next((row for row in zoo().values() if any(_has(row, each) for each in digests)), None)


def _has(row: Published, digest: str) -> bool:
    known = row.md5 if len(digest) == 32 else row.sha256
    return known is not None and digest.startswith(known)


def _digests(path: Path) -> list[str]:
    hashes = [hashlib.sha256(), hashlib.md5(usedforsecurity=False)]
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            for each in hashes:
                each.update(block)
    return [each.hexdigest() for each in hashes]
