"""Compare the speed of our backbones with the originals, Swin and others, in one process.

Each round gives every network one step; a ratio is the median of the rounds' ratios to the first
network, so that a machine that is busy for a while slows both. "explicit" is our network with the
affinities stored as a matrix, the arithmetic of the original. Networks of toolboxes that are not
installed are listed as such. MFU, model FLOPs utilization, is the speed of a network as a share of
that of a product of large matrices, measured in the same rounds.

After every comparison, benchmark.md, benchmark.json and benchmark.png are written: an interrupted
run keeps what it has measured.

examples:
  mmuniformer benchmark image-s --input 800x1280 --task forward train
  mmuniformer benchmark image-s video v2 --dtype float32 bfloat16 --out work_dirs/benchmark
  mmuniformer benchmark image-s --device cuda --dtype bfloat16 --nets 'Swin*' '*h14*'
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from ..apis.benchmarking.nets import SUITES
from ..apis.benchmarking.report import describe_environment, make_table, write_report
from ..apis.benchmarking.run import plan_comparisons
from ..apis.benchmarking.timing import DTYPES, PASSES
from .arguments import add_device, new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('benchmark', __doc__)
    parser.add_argument(
        'suites', nargs='*', default=['image-s'], metavar='SUITE',
        help=f'{", ".join(SUITES)}; default image-s',
    )  # fmt: skip
    parser.add_argument(
        '--task', nargs='+', choices=tuple(PASSES), default=['forward'], help='default forward'
    )
    parser.add_argument('--dtype', nargs='+', choices=DTYPES, default=['float32'])
    parser.add_argument(
        '--input', nargs='+', metavar='SIZE',
        help='inputs of the suite whose name contains this, or HEIGHTxWIDTH (with frames before '
        'it: 16x224x224); default all of the suite',
    )  # fmt: skip
    parser.add_argument('--batch', type=int, help='default as the suite says, mostly 1')
    parser.add_argument('--nets', nargs='+', default=['*'], help="names, as 'Swin*'; default all")
    add_device(parser)
    parser.add_argument('--threads', type=int, default=1, help='of a CPU; default 1')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--compile', action='store_true', help='torch.compile every network')
    parser.add_argument(
        '--fuse', action='store_true', help='compare our networks in their form for inference too'
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark'), metavar='FOLDER')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    if args.threads < 1:
        raise ValueError(f'--threads is at least 1, got {args.threads}')
    plans = plan_comparisons(
        args.suites, modes=args.task, dtypes=args.dtype, inputs=args.input, batch=args.batch,
        nets=args.nets, device=args.device, rounds=args.rounds, compiled=args.compile,
        fused=args.fuse,
    )  # fmt: skip
    warnings.filterwarnings('ignore')
    torch.set_num_threads(args.threads)
    console = Console()
    environment = describe_environment(args.device)
    comparisons = []
    for plan in plans:
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task(f'{plan.input}, {plan.task}', total=plan.steps)
            comparisons.append(plan.run(partial(progress.advance, bar)))
        console.print(make_table(comparisons[-1]))
        paths = write_report(args.out, comparisons, environment)
    console.print('written:', ', '.join(map(str, paths)), soft_wrap=True)
