"""Write a model as ONNX or as a program of torch.export, and check the file against the model.

    python tools/export.py configs/cls/uniformer_s_in1k.py model.pth --format onnx --out s.onnx
    python tools/export.py configs/det/mask_rcnn_uniformer_s_h14_1x.py model.pth --part backbone \\
        --format onnx --out backbone.onnx

Input: a batch of pictures (B, 3, H, W) or clips (B, 3, T, H, W), RGB, normalised; the mean and
standard deviation are in the metadata of an ONNX file. Output: logits of classifiers and, as large
as the input, of segmentors; heatmaps of pose nets; maps of backbones. The batch varies always;
height and width vary, from 64 pixels, unless --fixed-size gives them. They cannot vary in clips, in
the light nets and in SimCC heads, nor in a torch.export program with windows or of UniFormerV2.

Refused are detectors, but for --part backbone (NMS and loops over pictures do not export), and the
light nets as ONNX (it has no stable sort of tokens). The file is run on several shapes; the exit
code is 1 if any output is off by more than 1e-4 of its standard deviation.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from exporting.check import TOLERANCE, compare, latencies, shapes_to_check
from exporting.formats import FORMATS, eager_runner, fix_size, write
from exporting.nets import RANDOM, Exportable, load, make_exportable
from rich.console import Console
from rich.table import Table

NEEDS = {'onnx': ('onnx', 'onnxscript', 'onnxruntime'), 'torch_export': ()}


def parse_args(argv: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config the model was trained with')
    parser.add_argument(
        'checkpoint', help=f'.pth file that training wrote, or {RANDOM!r} to measure without one'
    )
    parser.add_argument('--format', choices=FORMATS, default='onnx', help='default onnx')
    parser.add_argument('--out', type=Path, required=True, help='file to write')
    parser.add_argument('--part', choices=('model', 'backbone'), default='model')
    parser.add_argument(
        '--fixed-size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
        help='write height and width into the file; smaller and faster to load',
    )  # fmt: skip
    parser.add_argument('--fuse', action='store_true', help='fold norms into convolutions first')
    parser.add_argument('--measure', action='store_true', help='time file and model on the CPU')
    parser.add_argument('--rounds', type=int, default=10, help='of --measure; default 10')
    return parser, parser.parse_args(argv)


def check_args(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if not args.config.is_file():
        parser.error(f'config {args.config} does not exist')
    if args.checkpoint != RANDOM and not Path(args.checkpoint).is_file():
        parser.error(f'checkpoint {args.checkpoint} does not exist')
    if args.out.is_dir():
        parser.error(f'--out {args.out} is a folder; name a file')
    if args.fixed_size and min(args.fixed_size) < 32:
        parser.error('--fixed-size: height and width are at least 32 pixels')
    if args.rounds < 1:
        parser.error(f'--rounds is at least 1, got {args.rounds}')
    missing = [name for name in NEEDS[args.format] if importlib.util.find_spec(name) is None]
    if missing:
        parser.error(f'--format {args.format} needs: pip install {" ".join(missing)}')


def agrees(console: Console, item: Exportable, args: argparse.Namespace) -> bool:
    """Compare file and model on several shapes; print a line for each."""
    eager, exported = eager_runner(item.net), FORMATS[args.format][1](args.out)
    good = True
    for comparison in compare(eager, exported, shapes_to_check(item)):
        size = '×'.join(map(str, comparison.shape))
        verdict = 'agrees' if comparison.agrees else f'DIFFERS by more than {TOLERANCE:g}'
        console.print(f'{size}: {comparison.difference:.1e} of the std: {verdict}')
        good &= comparison.agrees
    return good


def measure(console: Console, item: Exportable, args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    shape = (1, 3, *item.size)
    names = {'eager': 'PyTorch, eager', 'file': {'onnx': 'onnxruntime'}.get(args.format, 'program')}
    runners = {'eager': eager_runner(item.net), 'file': FORMATS[args.format][1](args.out, 1)}
    seconds = latencies(runners, shape, args.rounds)
    table = Table(title=f'{"×".join(map(str, shape))}, one thread of the CPU, {args.rounds} rounds')
    for name in ('', 'ms', 'times as fast'):
        table.add_column(name, justify='left' if not name else 'right')
    for key, name in names.items():
        ratio = seconds['eager'] / seconds[key]
        table.add_row(name, f'{1000 * seconds[key]:.0f}', f'{ratio:.2f}')
    console.print(table)


def megabytes(file: Path) -> float:
    """Size of the file with the weights that the exporter puts beside large ones."""
    beside = file.with_name(file.name + '.data')
    return sum(path.stat().st_size for path in (file, beside) if path.is_file()) / 1e6


def main(argv: Sequence[str] | None = None) -> int:
    parser, args = parse_args(argv)
    check_args(parser, args)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    console = Console()
    try:
        config, model = load(args.config, args.checkpoint)
        item = make_exportable(config, model, args.part, args.fuse)
        fix_size(item, args.fixed_size, args.format)
    except ValueError as error:
        parser.error(str(error))
    with console.status(f'writing {args.out}'):
        write(item, args.out, args.format)
    console.print(
        f'{args.out}: {megabytes(args.out):.1f} MB, varying: {", ".join(item.axes.values())}'
    )
    good = agrees(console, item, args)
    if good and args.measure:
        measure(console, item, args)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
