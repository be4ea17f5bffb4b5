"""Draw small labeled data sets in the real on-disk formats, for the mini configs and the tests.

The same arguments give the same bytes. A set that is already there is kept; a folder that holds
something else is never touched.

examples:
  mmuniformer make-mini-data coco
  mmuniformer make-mini-data coco --train 32 --val 8 --out tiny
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from ..data.mini import MINI_SETS, make_mini_set
from .arguments import new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('make-mini-data', __doc__)
    sets = parser.add_subparsers(dest='name', required=True, metavar='SET')
    for name, about in MINI_SETS.items():
        options = sets.add_parser(
            name,
            help=about.help,
            description=about.description,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        options.add_argument('--out', type=Path, default=Path(about.out), help='folder to write to')
        options.add_argument('--train', type=int, default=about.train, help='training samples')
        options.add_argument('--val', type=int, default=about.val, help='validation samples')
        options.add_argument('--size', type=int, default=about.size, help=about.size_help)
        options.add_argument('--seed', type=int, default=0, help='another seed, other images')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    start = time.perf_counter()
    made = make_mini_set(**vars(args))
    if made.drawn:
        print(f'drew {made.drawn} files in {time.perf_counter() - start:.1f} s')
    else:
        print(f'{made.folder} holds this set already; kept')
    print(f'{made.folder}: {made.contents}')
