"""The paper's tables beside ours: parameters, FLOPs, latency here, and accuracy if possible.

Accuracy is measured for configs whose checkpoint and data set are there, by the toolbox's own
Runner. The checkpoint of a config NAME is DIR/NAME.pth, or the best or last one in the folder
DIR/NAME. The report says why a number is missing. Each number is saved in OUT/results.json at once:
after an interruption, the same command continues. A saved number is reused as long as config and
checkpoint stay the same.

Writes OUT/report.md, OUT/report.csv, and figures: accuracy against FLOPs, FLOPs against resolution.

examples:
  mmuniformer reproduce table6 --no-latency
  mmuniformer reproduce all --checkpoints checkpoints
  mmuniformer reproduce mini --checkpoints work_dirs
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..apis.reproduction.published import TABLES
from ..apis.reproduction.report import Section, print_section
from ..apis.reproduction.run import reproduce
from ..apis.tables import make_console
from .arguments import add_device, new_parser

INTERRUPTED = 130


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('reproduce', __doc__)
    parser.add_argument(
        'tables', nargs='*', metavar='TABLE',
        help=f'{", ".join(TABLES)}; all of these; or mini, the models on mini data',
    )  # fmt: skip
    parser.add_argument(
        '--configs', nargs='+', default=[], metavar='CONFIG', help='other config files or names'
    )
    parser.add_argument('--checkpoints', type=Path, metavar='DIR', help='folder of checkpoints')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/reproduce'), metavar='OUT')
    parser.add_argument('--no-latency', action='store_true', help='do not measure the latency')
    parser.add_argument(
        '--latency-shape', type=int, nargs='+', metavar='N',
        help='height and width for the latency, for video after frames (as in the tables)',
    )  # fmt: skip
    add_device(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    # Lines of a pipe or a file need not fit into a window.
    console = make_console()
    progress = Console(stderr=True)

    def print_row(section: Section, number: int) -> None:
        name = section.rows[number - 1].config
        progress.print(f'{section.name} {number}/{len(section.rows)}: {name}', highlight=False)

    try:
        reproduce(
            args.tables, args.configs, checkpoints=args.checkpoints, out=args.out,
            latency=not args.no_latency, latency_shape=args.latency_shape, device=args.device,
            on_row=print_row, on_section=lambda section: print_section(section, console),
            notify=lambda text: print(text, file=sys.stderr),
        )  # fmt: skip
    except KeyboardInterrupt:
        print(
            f'\ninterrupted; {args.out / "results.json"} keeps what is measured, the same command '
            'continues',
            file=sys.stderr,
        )
        return INTERRUPTED
    print(f'written: {args.out / "report.md"}, report.csv and figures')
    return 0
