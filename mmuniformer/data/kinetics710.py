"""Kinetics-710 (UniFormerV2, arXiv 2211.09552): merged lists of Kinetics-400, 600 and 700."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..models.checks import choice
from ..weights.class_names import K710_PARTS, class_names, read_class_names, rows_by_name
from .kinetics_lists import ListFile, Video

SETS = ('k400', 'k600', 'k700')
PREFIX = '{set}/videos_{split}/'


def _clip(video: Video) -> tuple[str, ...]:
    if len(video.clip) == 1:
        raise ValueError(f'{video.path}: no times in the name to tell clips by; use --by video')
    return video.clip


By = Literal['video', 'clip']
KEYS: Mapping[By, Callable[[Video], Any]] = {
    'video': lambda video: video.youtube_id,
    'clip': _clip,
}


@dataclass
class Count:
    """Counts of the videos of a list. ``relabelled`` duplicates had another class."""

    read: int = 0
    leaking: int = 0
    duplicates: int = 0
    relabelled: int = 0
    kept: int = 0


@dataclass
class Merged:
    """Videos of several lists, and the counts of each list."""

    videos: list[Video] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)


def merge(
    lists: Mapping[str, Sequence[Video]],
    key: Callable[[Video], Any],
    held_out: frozenset[str] = frozenset(),
) -> Merged:
    """Concatenate lists without duplicates and without videos with ``held_out`` ids."""
    merged = Merged()
    rows: dict[Any, int] = {}
    for name, videos in lists.items():
        count = merged.counts[name] = Count(read=len(videos))
        for video in videos:
            known = rows.get(key(video))
            if video.youtube_id in held_out:
                count.leaking += 1
            elif known is not None:
                count.duplicates += 1
                count.relabelled += known != video.row
            else:
                rows[key(video)] = video.row
                merged.videos.append(video)
                count.kept += 1
    return merged


def make_texts(
    train: Mapping[str, Sequence[Video]],
    val: Mapping[str, Sequence[Video]],
    classes: Sequence[str],
    by: By = 'video',
) -> tuple[dict[str, str], dict]:
    """Return the contents of all files by name, and the counts.

    Args:
        train, val: videos of each set, with rows of the merged ``classes``.
        by: definition of duplicates: same YouTube id (``'video'``), or same id and time
            (``'clip'``). All clips of a video in a validation set count as leaking.
    """
    choice('by', by, By)
    held_out = frozenset(video.youtube_id for videos in val.values() for video in videos)
    parts = {'train': merge(train, KEYS[by], held_out), 'val': merge(val, KEYS[by])}
    seen = {video.row for video in parts['train'].videos}
    counts: dict[str, Any] = {
        'copies_by': by,
        'classes': len(classes),
        'classes_without_training_videos': [
            name for row, name in enumerate(classes) if row not in seen
        ],
    }
    for split, part in parts.items():
        rows = {name: asdict(count) for name, count in part.counts.items()}
        total = {what: sum(row[what] for row in rows.values()) for what in asdict(Count())}
        counts[split] = {**rows, 'total': total}
    files: dict[str, Sequence[Video]]
    files = {f'kinetics710_{split}_list_videos.txt': part.videos for split, part in parts.items()}
    files |= {f'kinetics710_val_{name}_list_videos.txt': videos for name, videos in val.items()}
    texts = {name: _lines(f'{v.path} {v.row}' for v in videos) for name, videos in files.items()}
    texts['classes.txt'] = _lines(classes)
    texts['counts.json'] = json.dumps(counts, indent=1) + '\n'
    return texts, counts


def _lines(lines: Any) -> str:
    return ''.join(f'{line}\n' for line in lines)


def write(texts: Mapping[str, str], folder: Path, force: bool) -> list[str]:
    """Write missing files and return their names.

    Raises:
        FileExistsError: a file has other contents and ``force`` is not set; nothing is written.
    """
    paths = {folder / name: text.encode() for name, text in texts.items()}
    new = {path: text for path, text in paths.items() if not path.exists()}
    other = {p: t for p, t in paths.items() if p not in new and p.read_bytes() != t}
    if other and not force:
        raise FileExistsError(
            f'{", ".join(map(str, other))}: there already, with other contents; '
            'name another --out, or replace it with --force'
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in {**new, **other}.items():
        part = path.with_name(f'{path.name}.part')  # an interruption leaves no partial list
        part.write_bytes(text)
        os.replace(part, path)
    return [path.name for path in (*new, *other)]


@dataclass(frozen=True)
class Kinetics710:
    """Counts of the lists, numbers of classes of the sets, all files and those written."""

    counts: dict[str, Any]
    sizes: dict[str, int]
    files: tuple[str, ...]
    written: tuple[str, ...]


def make_kinetics710(
    train: Sequence[Path],
    val: Sequence[Path],
    out: Path,
    *,
    prefix: str = PREFIX,
    by: By = 'video',
    classes: Sequence[Path] | None = None,
    merged: Path | None = None,
    force: bool = False,
) -> Kinetics710:
    """Merge the lists of the three sets into those of Kinetics-710.

    A list has a line ``PATH LABEL`` per video, or is a ``.csv`` file of the releases.

    Args:
        train, val: lists of Kinetics-400, 600 and 700.
        out: output folder.
        prefix: prefix of the paths; ``{set}`` and ``{split}`` are replaced.
        by: definition of duplicates: same YouTube id (``'video'``), or same id and time
            (``'clip'``).
        classes: files with the class names of each list. Default: mmaction2's.
        merged: file with the merged class names. Default: the published 710.
        force: replace files that have other contents.

    Raises:
        FileNotFoundError: a list does not exist.
        ValueError: a line of a list or a class is invalid.
        FileExistsError: a file has other contents; nothing is written.
    """
    labels, names, rows = read_classes(classes, merged)
    lists: dict[str, dict[str, list[Video]]] = {}
    for split, paths in (('train', train), ('val', val)):
        lists[split] = {}
        for name, dataset, path in zip(SETS, K710_PARTS, paths, strict=True):
            filled = prefix.replace('{set}', dataset).replace('{split}', split)
            lists[split][name] = ListFile(path, names[name], rows[name], filled, split).read()
    texts, counts = make_texts(lists['train'], lists['val'], labels, by)
    written = write(texts, out, force)
    sizes = {name: len(names[name]) for name in SETS}
    return Kinetics710(counts, sizes, tuple(texts), tuple(written))


def read_classes(
    classes: Sequence[Path] | None, merged: Path | None
) -> tuple[tuple[str, ...], dict, dict]:
    """Return the merged classes, the classes of each set, and their rows in the merged ones."""
    labels = read_class_names(merged) if merged else class_names('kinetics710')
    names, rows = {}, {}
    for index, (name, dataset) in enumerate(zip(SETS, K710_PARTS, strict=True)):
        path = classes[index] if classes else None
        names[name] = read_class_names(path) if path else class_names(dataset)
        try:
            rows[name] = rows_by_name(names[name], labels)
        except ValueError as error:
            raise ValueError(f'classes of {path or name}: {error}') from error
    return labels, names, rows
