"""Merge the lists of Kinetics-400, 600 and 700 into Kinetics-710 (arXiv 2211.09552).

    python tools/make_k710.py                          # lists and videos as mmaction2 lays them out
    python tools/make_k710.py --train train_{400,600,700}.csv --val val_{400,600,700}.csv

The 710 classes are those of the three sets, the same class once. Of the training videos are left
out, by the YouTube ids in their names:

  leaking     videos that are in a validation set of any of the three
  duplicates  videos that were there already, in the sets' order; the first one stays, with its
              class; how many had another one is counted as well

A list has a line "PATH LABEL" per video. A table is a .csv file of the releases, with the columns
youtube_id, time_start, time_end, split and label; its videos are taken to be at
CLASS_NAME/ID_START_END.mp4, whether they are there or not.

Written are, all with labels of Kinetics-710 and paths relative to data/:

  kinetics710_train_list_videos.txt
  kinetics710_val_list_videos.txt           the three validation sets, copies left out
  kinetics710_val_k400_list_videos.txt      each of them, complete; and k600, k700
  classes.txt, counts.json                  names of the labels, numbers of the table

The same lists give the same bytes.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from _k710_lists import ListFile, Video
from rich.console import Console
from rich.table import Table

from mmuniformer.weights.class_names import (
    K710_PARTS,
    class_names,
    read_class_names,
    rows_by_name,
)

SETS = ('k400', 'k600', 'k700')


def _clip(video: Video) -> tuple[str, ...]:
    if len(video.clip) == 1:
        raise ValueError(f'{video.path}: no times in the name to tell clips by; use --by video')
    return video.clip


KEYS: Mapping[str, Callable[[Video], Any]] = {
    'video': lambda video: video.youtube_id,
    'clip': _clip,
}


@dataclass
class Count:
    """What became of the videos of a list. ``relabelled`` duplicates had another class before."""

    read: int = 0
    leaking: int = 0
    duplicates: int = 0
    relabelled: int = 0
    kept: int = 0


@dataclass
class Merged:
    """Videos of several lists, and a count for each of these."""

    videos: list[Video] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)


def merge(
    lists: Mapping[str, Sequence[Video]],
    key: Callable[[Video], Any],
    held_out: frozenset[str] = frozenset(),
) -> Merged:
    """Put lists behind each other, each video once and without those cut from ``held_out`` ids."""
    merged, rows = Merged(), {}
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


def make(
    train: Mapping[str, Sequence[Video]],
    val: Mapping[str, Sequence[Video]],
    classes: Sequence[str],
    by: str = 'video',
) -> tuple[dict[str, str], dict]:
    """Make the contents of all files by their names, and the numbers of the table.

    Args:
        train, val: the videos of each set, with rows among the merged ``classes``.
        by: what is a copy: ``'video'``, of the same YouTube id; ``'clip'``, also of the same time.
            Whatever is cut from a video of a validation set leaks.
    """
    held_out = frozenset(video.youtube_id for videos in val.values() for video in videos)
    parts = {'train': merge(train, KEYS[by], held_out), 'val': merge(val, KEYS[by])}
    seen = {video.row for video in parts['train'].videos}
    counts = {
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
    files = {f'kinetics710_{split}_list_videos.txt': part.videos for split, part in parts.items()}
    files |= {f'kinetics710_val_{name}_list_videos.txt': videos for name, videos in val.items()}
    texts = {name: _lines(f'{v.path} {v.row}' for v in videos) for name, videos in files.items()}
    texts['classes.txt'] = _lines(classes)
    texts['counts.json'] = json.dumps(counts, indent=1) + '\n'
    return texts, counts


def _lines(lines: Any) -> str:
    return ''.join(f'{line}\n' for line in lines)


def write(texts: Mapping[str, str], folder: Path, force: bool) -> list[str]:
    """Write what is not there yet, and return its names.

    Raises:
        FileExistsError: a file holds something else, and ``force`` is not set; nothing is written.
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
        part = path.with_name(f'{path.name}.part')  # an interruption leaves no half a list
        part.write_bytes(text)
        os.replace(part, path)
    return [path.name for path in (*new, *other)]


def table(counts: Mapping[str, Any], sizes: Mapping[str, int]) -> Table:
    """Lay out the numbers; ``sizes`` are the classes of each set."""
    shown = Table(title='Kinetics-710')
    heads = ('list', 'classes', 'read', 'leaking', 'duplicates', 'of another class', 'kept')
    for at, head in enumerate(heads):
        shown.add_column(head, justify='right' if at else 'left')
    for split in ('train', 'val'):
        for name, count in counts[split].items():
            cells = [f'{value:,}' for value in count.values()]
            total = name == 'total'
            size = counts['classes'] if total else sizes[name]
            shown.add_row(f'{split} {name}', str(size), *cells, style='bold' if total else None)
        shown.add_section()
    return shown


def parse_args(
    argv: Sequence[str] | None = None,
) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    three = {'nargs': 3, 'type': Path, 'metavar': tuple(name.upper() for name in SETS)}
    for split in ('train', 'val'):
        parser.add_argument(
            f'--{split}', **three,
            default=[Path(f'data/{s}/{s}_{split}_list_videos.txt') for s in K710_PARTS],
            help=f'lists or tables (data/kinetics400/kinetics400_{split}_list_videos.txt, ...)',
        )  # fmt: skip
    parser.add_argument(
        '--prefix', default='{set}/videos_{split}/',
        help='put in front of the paths; {set} stands for kinetics400, 600 or 700 and {split} for '
        'train or val (%(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--by', choices=tuple(KEYS), default='video',
        help='what is a copy: of the same YouTube video, or clip with the same times (%(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--classes', **three,
        help="names of the lists' labels, a file with a name per line each (mmaction2's order)",
    )  # fmt: skip
    parser.add_argument(
        '--merged', type=Path, metavar='FILE',
        help='names of the merged classes, a line each (the published 710)',
    )  # fmt: skip
    parser.add_argument(
        '--out', type=Path, default=Path('data/kinetics710'), help='folder (%(default)s)'
    )
    parser.add_argument(
        '--force', action='store_true', help='replace lists that have other contents'
    )
    return parser, parser.parse_args(argv)


def read_all(args: argparse.Namespace, names: Mapping, rows: Mapping, split: str) -> dict:
    lists = {}
    for name, dataset, path in zip(SETS, K710_PARTS, getattr(args, split), strict=True):
        prefix = args.prefix.replace('{set}', dataset).replace('{split}', split)
        lists[name] = ListFile(path, names[name], rows[name], prefix, split).read()
    return lists


def find_classes(args: argparse.Namespace) -> tuple[tuple[str, ...], dict, dict]:
    """The merged classes, those of each set, and their rows among the merged ones."""
    merged = read_class_names(args.merged) if args.merged else class_names('kinetics710')
    names, rows = {}, {}
    for index, (name, dataset) in enumerate(zip(SETS, K710_PARTS, strict=True)):
        path = args.classes[index] if args.classes else None
        names[name] = read_class_names(path) if path else class_names(dataset)
        try:
            rows[name] = rows_by_name(names[name], merged)
        except ValueError as error:
            raise ValueError(f'classes of {path or name}: {error}') from error
    return merged, names, rows


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    try:
        merged, names, rows = find_classes(args)
        lists = {split: read_all(args, names, rows, split) for split in ('train', 'val')}
        texts, counts = make(lists['train'], lists['val'], merged, args.by)
        written = write(texts, args.out, args.force)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    Console(width=100).print(table(counts, {name: len(names[name]) for name in SETS}))
    if empty := counts['classes_without_training_videos']:
        more = ', ...' if len(empty) > 5 else ''
        print(f'classes without training videos ({len(empty)}): {", ".join(empty[:5])}{more}')
    print(f'{args.out}: {len(texts)} files, {len(written)} of them new')


if __name__ == '__main__':
    main()
