"""How time, FLOPs and memory grow with the image and with the clip.

    python tools/dev/profile_scaling.py                        # about six minutes on one core
    python tools/dev/profile_scaling.py images --sizes 256 512 1024 --rounds 3
    python tools/dev/profile_scaling.py clips --device cuda

UniFormer-S with global, hybrid and window attention in stage 3 on square images, UniFormer3D-S on
clips. Time is that of the fastest of several forward passes, in rounds in which every network takes
its turn; on a CPU it is processor time, which hardly depends on what else runs. FLOPs count a
multiply-add once; memory is that of a training step beyond weights and gradients, as mmuniformer
memory counts it. The exponent of a curve is the slope between logarithms at its largest four sizes:
1 grows as the input does, 2 with its square. The patterns of the paper's Fig. 4 are counted too.

After every size, scaling.md, scaling.csv, scaling.json and scaling.png are written. An interrupted
run continues where it was.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress
from scaling import (
    CURVES,
    Point,
    draw,
    exponent_table,
    figure_exponents,
    load,
    markdown,
    measure,
    save,
)

from mmuniformer.apis.benchmarking.report import describe_environment
from mmuniformer.apis.reproduction.figures import count_resolutions
from mmuniformer.apis.timing import check_device


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'curves', nargs='*', metavar='CURVE', help=f'{", ".join(CURVES)}; default all'
    )
    parser.add_argument(
        '--sizes', nargs='+', type=int,
        help='sides of images in pixels or frames of clips, of a single curve; default eight',
    )  # fmt: skip
    parser.add_argument('--rounds', type=int, default=3, help='forward passes of each; default 3')
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda, cuda:1')
    parser.add_argument('--threads', type=int, default=1, help='of a CPU; default 1')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/scaling'), metavar='FOLDER')
    args = parser.parse_args(argv)
    args.curves = args.curves or list(CURVES)
    for name in args.curves:
        if name not in CURVES:
            parser.error(f'there is no curve {name!r}; there are {", ".join(CURVES)}')
    if args.sizes and len(args.curves) != 1:
        parser.error('--sizes are of one curve; name images or clips')
    least = 4 if args.curves == ['clips'] else 64
    if args.sizes and min(args.sizes) < least:
        parser.error(f'--sizes are at least {least} here, got {min(args.sizes)}')
    for option in ('rounds', 'threads'):
        if getattr(args, option) < 1:
            parser.error(f'--{option} is at least 1, got {getattr(args, option)}')
    torch.set_num_threads(args.threads)
    try:
        check_device(args.device)
        args.environment = {**describe_environment(args.device), 'rounds': str(args.rounds)}
        args.points = load(args.out / 'scaling.json', args.environment)
    except ValueError as error:
        parser.error(str(error))
    return args


def find_missing(args: argparse.Namespace) -> list[tuple[str, int]]:
    """Return curves and sizes that no earlier run has measured, small ones first."""
    have = {(point.curve, point.size) for point in args.points}
    wanted = (
        (name, size) for name in args.curves for size in sorted(args.sizes or CURVES[name].sizes)
    )
    return [pair for pair in wanted if pair not in have]


def write(
    folder: Path, environment: dict[str, str], points: Sequence[Point], figure_4: str
) -> None:
    points = sorted(points, key=lambda point: (point.curve, point.size))
    save(folder / 'scaling.json', environment, points)
    head = ', '.join(f'{key} {value}' for key, value in environment.items())
    (folder / 'scaling.md').write_text(f'{head}\n\n{markdown(points)}\n{figure_4}')
    draw(points, folder / 'scaling.png')


def describe_figure_4() -> str:
    columns = ('whole backbone', 'products of stage 3')
    table = exponent_table(figure_exponents(count_resolutions()), columns)
    title = '### FLOPs of the patterns of Fig. 4, exponents in pixels'
    return '\n'.join([title, '', *table, ''])


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    warnings.filterwarnings('ignore')
    console = Console()
    todo = find_missing(args)
    console.print(f'{len(args.points)} points measured, {len(todo)} sizes to measure')
    figure_4 = describe_figure_4()
    steps = {name: args.rounds * len(CURVES[name].nets) for name in args.curves}
    with Progress(console=console) as progress:
        bar = progress.add_task('', total=sum(steps[name] for name, _ in todo))
        for name, size in todo:
            curve = CURVES[name]
            progress.update(bar, description=f'{name}, {size}')
            args.points += measure(
                name, curve, size, args.device, args.rounds, lambda net: progress.advance(bar)
            )
            write(args.out, args.environment, args.points, figure_4)
    if args.points:
        write(args.out, args.environment, args.points, figure_4)
        console.print((args.out / 'scaling.md').read_text())
    return 0


if __name__ == '__main__':
    sys.exit(main())
