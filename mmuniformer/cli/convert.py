"""Turn a whole published file, heads included, into a checkpoint for the model of a config.

It takes classifiers of images (plain, with token labels, light) and of clips, and the authors'
detectors, segmentors and pose estimators. Every tensor is accounted for: either the model loads all
of the result, or the file is refused. A backbone to start a training from needs no conversion:
init_cfg takes published files as they are.

Released video classifiers number the classes in an order of their own; --dataset puts them in that
of mmaction2's annotation lists, which the configs read.

If OUT ends in .safetensors it is written in that format: tensors, and the config as text.

examples:
  mmuniformer convert uniformer_small_in1k.pth small.pth --config uniformer_s_in1k
  mmuniformer test uniformer_s_in1k small.pth
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..apis.conversion import convert
from ..weights.class_names import PERMUTED
from .arguments import new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('convert', __doc__)
    parser.add_argument('source', metavar='IN', help='published file: path, URL or released name')
    parser.add_argument('out', metavar='OUT', type=Path, help='file to write')
    parser.add_argument(
        '--config', required=True, help='file or name of the config of the model in the file'
    )
    parser.add_argument(
        '--dataset', choices=PERMUTED,
        help='what a released video classifier was trained on, for the order of its classes',
    )  # fmt: skip
    parser.add_argument('--verbose', action='store_true', help='print a line for every tensor')
    parser.add_argument('--force', action='store_true', help='overwrite OUT if it exists')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    if args.out.exists() and not args.force:
        raise FileExistsError(f'{args.out} exists already; name another file, or give --force')
    done = convert(args.source, args.config, dataset=args.dataset)
    done.save(args.out)
    if args.verbose:
        print(done.every_tensor())
    count = len(done.names) + len(done.left_out)
    print(f'{done.meta["converted_from"]}: {count} tensors\n{done}\nwritten to {args.out}')
