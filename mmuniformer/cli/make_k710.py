"""Merge the lists of Kinetics-400, 600 and 700 into Kinetics-710 (arXiv 2211.09552).

The 710 classes are those of the three sets, the same class once. Two sorts of training videos are
left out, by the YouTube ids in their names:

  leaking     videos that are in a validation set of any of the three
  duplicates  videos of an earlier list; the first one is kept, with its class, and the table counts
              those that had another class

A list has a line "PATH LABEL" for each video. A table is a .csv file of the releases, with the
columns youtube_id, time_start, time_end, split and label; its videos are expected at
CLASS_NAME/ID_START_END.mp4 and not looked for.

These files are written, all with labels of Kinetics-710 and paths relative to data/:

  kinetics710_train_list_videos.txt
  kinetics710_val_list_videos.txt           the three validation sets, without duplicates
  kinetics710_val_k400_list_videos.txt      each of them, complete; also k600 and k700
  classes.txt, counts.json                  names of the labels, numbers of the table

The same lists give the same bytes.

examples:
  mmuniformer make-k710          # with the lists and videos where mmaction2 has them
  mmuniformer make-k710 --train train_{400,600,700}.csv --val val_{400,600,700}.csv
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..apis.tables import rich_table
from ..data.kinetics710 import KEYS, PREFIX, SETS, make_kinetics710
from .arguments import new_parser

DATASETS = ('kinetics400', 'kinetics600', 'kinetics700')


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('make-k710', __doc__)
    metavar = tuple(name.upper() for name in SETS)
    for split in ('train', 'val'):
        parser.add_argument(
            f'--{split}', nargs=3, type=Path, metavar=metavar,
            default=[Path(f'data/{name}/{name}_{split}_list_videos.txt') for name in DATASETS],
            help=f'lists or tables (data/kinetics400/kinetics400_{split}_list_videos.txt, ...)',
        )  # fmt: skip
    parser.add_argument(
        '--prefix', default=PREFIX,
        help='put before the paths; {set} is replaced by kinetics400, 600 or 700 and {split} by '
        'train or val (%(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--by', choices=tuple(KEYS), default='video',
        help='which videos are the same: of one YouTube id, or clip, also of one time '
        '(%(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--classes', nargs=3, type=Path, metavar=metavar,
        help="names of the lists' labels, a file with a name per line each (mmaction2's order)",
    )  # fmt: skip
    parser.add_argument(
        '--merged', type=Path, metavar='FILE',
        help='names of the merged classes, one per line (the published 710)',
    )  # fmt: skip
    parser.add_argument(
        '--out', type=Path, default=Path('data/kinetics710'), help='folder (%(default)s)'
    )
    parser.add_argument(
        '--force', action='store_true', help='replace lists that have other contents'
    )
    return parser


def make_table(counts: Mapping[str, Any], sizes: Mapping[str, int]) -> Table:
    header = ('list', 'classes', 'read', 'leaking', 'duplicates', 'of another class', 'kept')
    table = rich_table(header, [], title='Kinetics-710')
    for split in ('train', 'val'):
        for name, count in counts[split].items():
            cells = [f'{value:,}' for value in count.values()]
            total = name == 'total'
            size = counts['classes'] if total else sizes[name]
            table.add_row(f'{split} {name}', str(size), *cells, style='bold' if total else None)
        table.add_section()
    return table


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    made = make_kinetics710(**vars(args))
    Console(width=100).print(make_table(made.counts, made.sizes))
    if empty := made.counts['classes_without_training_videos']:
        more = ', ...' if len(empty) > 5 else ''
        print(f'classes without training videos ({len(empty)}): {", ".join(empty[:5])}{more}')
    print(f'{args.out}: {len(made.files)} files, {len(made.written)} of them new')
