"""Compare the speed of our backbones with others: one process, the same input, nets in turn.

    python tools/benchmark.py image-s --input 800x1280 --task forward train
    python tools/benchmark.py image-s video v2 --dtype float32 bfloat16 --out work_dirs/benchmark
    python tools/benchmark.py image-s --device cuda --dtype bfloat16 --nets 'Swin*' '*h14*'

Each round gives every net one step; a ratio is the median of the rounds' ratios to the first net,
so that a machine that is busy for a while slows both sides of it. "explicit" is our net with the
affinities stored as a matrix, the arithmetic of the original. Nets of toolboxes that are not
installed are left out by name. MFU, model FLOPs utilization, is how close a net comes to the speed
of a product of large matrices, measured in the same rounds.

Written are benchmark.md, benchmark.json and benchmark.png, after every comparison: what an
interrupted run has measured is kept.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from benchmarking.measure import DTYPES, FORWARD, TRAIN, Task, compare
from benchmarking.report import Comparison, environment, table, write
from rich.console import Console
from rich.progress import Progress

from mmuniformer.apis.benchmarking.nets import SUITES, Suite, with_fused


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ', '.join(SUITES)
    parser.add_argument(
        'suites', nargs='*', default=['image-s'], metavar='SUITE', help=f'{names}; default image-s'
    )
    parser.add_argument(
        '--task', nargs='+', choices=(FORWARD, TRAIN), default=[FORWARD], help='default forward'
    )
    parser.add_argument('--dtype', nargs='+', choices=DTYPES, default=['float32'])
    parser.add_argument(
        '--input', nargs='+', metavar='SIZE',
        help='inputs of the suite whose name contains this, or HEIGHTxWIDTH (with frames in '
        'front: 16x224x224); default all of the suite',
    )  # fmt: skip
    parser.add_argument('--batch', type=int, help='default as the suite says, mostly 1')
    parser.add_argument('--nets', nargs='+', default=['*'], help="names, as 'Swin*'; default all")
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda, cuda:1')
    parser.add_argument('--threads', type=int, default=1, help='of a CPU; default 1')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--compile', action='store_true', help='torch.compile every net')
    parser.add_argument(
        '--fuse', action='store_true', help='compare our nets also with their form for inference'
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark'), metavar='FOLDER')
    args = parser.parse_args(argv)
    for name in args.suites:
        if name not in SUITES:
            parser.error(f'there is no suite {name!r}; there are {names}')
    for option in ('rounds', 'threads', 'batch'):
        value = getattr(args, option)
        if value is not None and value < 1:
            parser.error(f'--{option} is at least 1, got {value}')
    if args.fuse and TRAIN in args.task:
        parser.error('--fuse: a fused net cannot be trained; use it with --task forward')
    if torch.device(args.device).type == 'cuda' and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: PyTorch finds no GPU here; leave it out for the CPU')
    try:
        args.plan = list(plan(args))
    except ValueError as error:
        parser.error(str(error))
    return args


def plan(args: argparse.Namespace) -> Iterator[tuple[Suite, str, tuple[int, ...], Task]]:
    for name in args.suites:
        suite = SUITES[name]
        for label, shape in chosen_inputs(suite, args.input):
            if args.batch:
                label, shape = (
                    f'{label.split(",")[0]}, batch {args.batch}',
                    (args.batch, *shape[1:]),
                )
            for mode in args.task:
                for dtype in args.dtype:
                    yield suite, label, shape, Task(mode, dtype, args.device, args.compile)


def chosen_inputs(
    suite: Suite, wanted: Sequence[str] | None
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the suite's inputs, or those that are wanted, by a part of their name or by size.

    Raises:
        ValueError: an input that is neither.
    """
    if wanted is None:
        yield from suite.inputs.items()
        return
    dimensions = len(next(iter(suite.inputs.values()))) - 2
    for text in wanted:
        known = [item for item in suite.inputs.items() if text.replace('x', '×') in item[0]]
        if known:
            yield from known
            continue
        sizes = text.split('x')
        if len(sizes) != dimensions or not all(size.isdigit() and int(size) for size in sizes):
            raise ValueError(
                f'--input {text!r} is no input of the suite ({"; ".join(suite.inputs)}) '
                f'and not {dimensions} numbers like {"x".join(["224"] * dimensions)}'
            )
        yield '×'.join(sizes), (1, 3, *map(int, sizes))


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    warnings.filterwarnings('ignore')
    torch.set_num_threads(args.threads)
    console = Console()
    facts = environment(args.device, args.threads)
    comparisons = []
    for suite, label, shape, task in args.plan:
        nets = suite.choose(args.nets)
        if args.fuse:
            nets = tuple(with_fused(nets))
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task(f'{label}, {task}', total=(1 + args.rounds) * len(nets))
            timings = compare(nets, shape, task, args.rounds, partial(progress.advance, bar))
        comparisons.append(Comparison(label, shape, task, timings))
        console.print(table(comparisons[-1]))
        paths = write(args.out, comparisons, facts)
    console.print('written:', ', '.join(map(str, paths)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
