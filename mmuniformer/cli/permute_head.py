"""Turn a released video classifier into a checkpoint with its classes in the order of the configs.

The authors' heads number the classes in an order of their own. The rows are put in the order of
mmaction2's annotation lists, every tensor of the file is accounted for, and the names of the
classes are written into the checkpoint.

For a UniFormerV2, --from and --to cut a head down to the classes of another set, by their names.
The file may be one of the configs, of mmaction2 or of the authors. Sets are k400, k600, k700 and
k710, or .txt files with a class name per line. Of the authors' heads, the order is known of
Kinetics-400, of Kinetics-600, and of the first 400 rows of Kinetics-710.

examples:
  mmuniformer permute-head uniformer_small_k400_16x4.pth kinetics400 --out small_k400.pth
  mmuniformer permute-head k710_b16.pth --from k710 --to k600 --out k710_b16_k600.pth
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..apis.class_heads import permute_head, slice_head
from ..weights.class_names import PERMUTED
from .arguments import new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('permute-head', __doc__)
    parser.add_argument('checkpoint', help='released file: path, URL or name')
    parser.add_argument('dataset', nargs='?', choices=PERMUTED, help='what the file was trained on')
    parser.add_argument(
        '--from', dest='old', metavar='CLASSES', help='of a UniFormerV2: classes of its head'
    )
    parser.add_argument('--to', dest='new', metavar='CLASSES', help='classes of the new head')
    parser.add_argument('--out', type=Path, required=True, help='file to write')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_intermixed_args(argv)
    if args.out.exists():
        raise FileExistsError(f'--out {args.out} exists already; name another file')
    if bool(args.dataset) == bool(args.old) or bool(args.old) != bool(args.new):
        raise ValueError('name the data set of the file, or for a UniFormerV2 both --from and --to')
    if args.dataset:
        done = permute_head(args.checkpoint, args.dataset)
    else:
        done = slice_head(args.checkpoint, args.old, args.new)
    done.save(args.out)
    print(f'{done}\nwritten to {args.out}')
