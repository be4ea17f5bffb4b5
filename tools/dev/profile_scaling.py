"""How time, FLOPs and memory grow with the picture and with the clip.

    python tools/growth.py                                     # about six minutes on one core
    python tools/growth.py pictures --sizes 256 512 1024 --rounds 3
    python tools/growth.py clips --device cuda

UniFormer-S with global, hybrid and window attention in stage 3 on square pictures, UniFormer3D-S
on clips. Time is that of the fastest of some forward passes, in rounds in which every net takes its
turn; of a CPU it is time of the processor, which others on the machine change little. FLOPs count a
multiply-add once; memory is that of a training step beyond weights and gradients, counted without
computing (tools/memory.py). The exponent of a curve is the slope between logarithms at its largest
four sizes: 1 grows as the input does, 2 with its square. The patterns of the paper's Fig. 4 are
counted too.

Written are growth.md, growth.csv, growth.json and growth.png, after every size. What is there is
kept: an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from benchmarking.growth import (
    CURVES,
    Point,
    draw,
    exponent_table,
    figure_exponents,
    load,
    markdown,
    measure,
    plain_task,
    save,
)
from benchmarking.report import environment
from reproduction.figures import count_resolutions
from rich.console import Console
from rich.progress import Progress


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'curves', nargs='*', metavar='CURVE', help=f'{", ".join(CURVES)}; default all'
    )
    parser.add_argument(
        '--sizes', nargs='+', type=int,
        help='sides of pictures in pixels or frames of clips, of a single curve; default eight',
    )  # fmt: skip
    parser.add_argument('--rounds', type=int, default=3, help='forward passes of each; default 3')
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda, cuda:1')
    parser.add_argument('--threads', type=int, default=1, help='of a CPU; default 1')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/growth'), metavar='FOLDER')
    args = parser.parse_args(argv)
    args.curves = args.curves or list(CURVES)
    for name in args.curves:
        if name not in CURVES:
            parser.error(f'there is no curve {name!r}; there are {", ".join(CURVES)}')
    if args.sizes and len(args.curves) != 1:
        parser.error('--sizes are of one curve; name pictures or clips')
    least = 4 if args.curves == ['clips'] else 64
    if args.sizes and min(args.sizes) < least:
        parser.error(f'--sizes are at least {least} here, got {min(args.sizes)}')
    for option in ('rounds', 'threads'):
        if getattr(args, option) < 1:
            parser.error(f'--{option} is at least 1, got {getattr(args, option)}')
    if torch.device(args.device).type == 'cuda' and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: PyTorch finds no GPU here; leave it out for the CPU')
    args.facts = {**environment(args.device, args.threads), 'rounds': str(args.rounds)}
    try:
        args.points = load(args.out / 'growth.json', args.facts)
    except ValueError as error:
        parser.error(str(error))
    return args


def missing(args: argparse.Namespace) -> list[tuple[str, int]]:
    """Curves and sizes that no earlier run has measured, small ones first."""
    have = {(point.curve, point.size) for point in args.points}
    wanted = (
        (name, size) for name in args.curves for size in sorted(args.sizes or CURVES[name].sizes)
    )
    return [pair for pair in wanted if pair not in have]


def write(folder: Path, facts: dict[str, str], points: Sequence[Point], figure_4: str) -> None:
    points = sorted(points, key=lambda point: (point.curve, point.size))
    save(folder / 'growth.json', facts, points)
    head = ', '.join(f'{key} {value}' for key, value in facts.items())
    (folder / 'growth.md').write_text(f'{head}\n\n{markdown(points)}\n{figure_4}')
    draw(points, folder / 'growth.png')


def describe_figure_4() -> str:
    table = exponent_table(
        figure_exponents(count_resolutions()), ('whole backbone', 'products of stage 3')
    )
    title = '### FLOPs of the patterns of Fig. 4, exponents in pixels'
    return '\n'.join([title, '', *table, ''])


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    warnings.filterwarnings('ignore')
    torch.set_num_threads(args.threads)
    console = Console()
    todo = missing(args)
    console.print(f'{len(args.points)} points are there, {len(todo)} sizes are to be measured')
    figure_4 = describe_figure_4()
    steps = {name: args.rounds * len(CURVES[name].nets) for name in args.curves}
    with Progress(console=console) as progress:
        bar = progress.add_task('', total=sum(steps[name] for name, _ in todo))
        for name, size in todo:
            curve = CURVES[name]
            progress.update(bar, description=f'{name}, {size}')
            advance = partial(progress.advance, bar)
            args.points += measure(name, curve, size, plain_task(args.device), args.rounds, advance)
            write(args.out, args.facts, args.points, figure_4)
    if args.points:
        write(args.out, args.facts, args.points, figure_4)
        console.print((args.out / 'growth.md').read_text())
    return 0


if __name__ == '__main__':
    sys.exit(main())
