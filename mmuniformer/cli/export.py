"""Write a model as ONNX or as a program of torch.export, and check the file against the model.

Input: a batch of images (B, 3, H, W) or videos (B, 3, T, H, W), RGB, normalized; the mean and
standard deviation are in the metadata of an ONNX file. Output: logits of classifiers and, as large
as the input, of segmentors; heatmaps of pose nets; maps of backbones. The batch varies always;
height and width vary, from 64 pixels, unless --fixed-size gives them. They cannot vary in videos,
in the light nets and in SimCC heads, nor in a torch.export program with windows or of UniFormerV2.

Refused are detectors, except with --part backbone (NMS and loops over images do not export), and
the light nets as ONNX (it has no stable sort of tokens). The file is run on several shapes; the
exit code is 1 if any output is off by more than 1e-4 of its standard deviation.

examples:
  mmuniformer export uniformer_s_in1k model.pth --format onnx --out s.onnx
  mmuniformer export mask_rcnn_uniformer_s_h14_1x model.pth --part backbone --out backbone.onnx
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table

from ..apis.exporting import FORMATS, TOLERANCE, ExportReport, Part, export
from ..apis.model import RANDOM
from .arguments import add_config, new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('export', __doc__)
    add_config(parser)
    parser.add_argument(
        'checkpoint', help=f'.pth file that training wrote, or {RANDOM!r} to measure without one'
    )
    parser.add_argument('--format', choices=FORMATS, default='onnx', help='default onnx')
    parser.add_argument('--out', type=Path, required=True, help='file to write')
    parser.add_argument('--part', choices=get_args(Part), default='model', help='default model')
    parser.add_argument(
        '--fixed-size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
        help='write height and width into the file; smaller and faster to load',
    )  # fmt: skip
    parser.add_argument('--fuse', action='store_true', help='fold norms into convolutions first')
    parser.add_argument('--measure', action='store_true', help='time file and model on the CPU')
    parser.add_argument('--rounds', type=int, default=10, help='of --measure; default 10')
    return parser


def format_shape(shape: Sequence[int]) -> str:
    return '×'.join(map(str, shape))


def print_report(console: Console, report: ExportReport) -> None:
    varying = ', '.join(report.item.axes.values())
    console.print(f'{report.file}: {report.megabytes:.1f} MB, varying: {varying}')
    for comparison in report.comparisons:
        verdict = 'agrees' if comparison.agrees else f'DIFFERS by more than {TOLERANCE:g}'
        shape = format_shape(comparison.shape)
        console.print(f'{shape}: {comparison.difference:.1e} of the std: {verdict}')


def print_latencies(console: Console, report: ExportReport, rounds: int) -> None:
    shape = format_shape(report.input_shape)
    table = Table(title=f'{shape}, one thread of the CPU, {rounds} rounds')
    for name in ('', 'ms', 'times as fast'):
        table.add_column(name, justify='right' if name else 'left')
    seconds = report.measure(rounds)
    names = {'eager': 'PyTorch, eager', 'file': FORMATS[report.format].runtime}
    for key, name in names.items():
        ratio = seconds['eager'] / seconds[key]
        table.add_row(name, f'{1000 * seconds[key]:.0f}', f'{ratio:.2f}')
    console.print(table)


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    if args.rounds < 1:
        raise ValueError(f'--rounds is at least 1, got {args.rounds}')
    console = Console(soft_wrap=True)
    with console.status(f'writing {args.out}'):
        report = export(
            args.config, args.checkpoint, args.out, format=args.format, part=args.part,
            fixed_size=args.fixed_size, fuse=args.fuse,
        )  # fmt: skip
    print_report(console, report)
    if report.agrees and args.measure:
        print_latencies(console, report, args.rounds)
    return 0 if report.agrees else 1
