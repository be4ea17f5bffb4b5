"""The paper's tables beside ours: parameters, FLOPs, latency here, and accuracy where possible.

    python tools/reproduce.py table6 --no-latency
    python tools/reproduce.py all --checkpoints checkpoints
    python tools/reproduce.py mini --checkpoints work_dirs

Accuracy is measured where checkpoint and data set are present, by the toolbox's own Runner. The
checkpoint of a config NAME is DIR/NAME.pth, or the best or last one in the folder DIR/NAME. What is
not run says why. Each number is kept in OUT/results.json as soon as it is there: after an
interruption the same command goes on. A kept number counts while config and checkpoint stay.

Writes OUT/report.md, OUT/report.csv, and figures: accuracy against FLOPs, FLOPs against resolution.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from reproduction import figures, report
from reproduction.latency import describe_device
from reproduction.measure import ACCURACY, Options, hash_of_code, measure_row
from reproduction.published import CONFIGS, TABLES, Row, find_config, rows_of
from reproduction.report import Section
from reproduction.results import Results
from rich.console import Console

INTERRUPTED = 130


def table_name(text: str) -> str:
    name = f'table{text}' if text.isdigit() else text
    if name not in (*TABLES, 'all', 'mini'):
        raise argparse.ArgumentTypeError(
            f'{text!r} is no table of dense prediction; there are {", ".join(TABLES)}, all and mini'
        )
    return name


def parse_args(
    argv: Sequence[str] | None = None,
) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'tables', nargs='*', metavar='TABLE', type=table_name,
        help=f'{", ".join(TABLES)}; all of these; or mini, the models on the built-in data',
    )  # fmt: skip
    parser.add_argument('--configs', type=Path, nargs='+', default=[], help='other config files')
    parser.add_argument('--checkpoints', type=Path, metavar='DIR', help='folder of checkpoints')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/reproduce'), metavar='OUT')
    parser.add_argument('--no-latency', action='store_true', help='leave the latency out')
    parser.add_argument(
        '--latency-shape', type=int, nargs='+', metavar='N',
        help='height and width for the latency, for video with frames in front (as in the tables)',
    )  # fmt: skip
    parser.add_argument('--device', default='cpu', help='of the latency: cpu, cuda, cuda:1 (cpu)')
    return parser, parser.parse_args(argv)


def check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if not args.tables and not args.configs:
        parser.error(f'name a table: {", ".join(TABLES)}, all or mini')
    for path in args.configs:
        if not path.is_file():
            parser.error(f'config {path} does not exist')
    if args.checkpoints is not None and not args.checkpoints.is_dir():
        parser.error(f'--checkpoints {args.checkpoints} is not a folder')
    if args.latency_shape is not None and len(args.latency_shape) not in (2, 3):
        parser.error('--latency-shape takes H W, or T H W for video')
    if args.device.startswith('cuda') and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: no CUDA device here; use cpu')


def sections_of(args: argparse.Namespace) -> list[Section]:
    names = list(TABLES) if 'all' in args.tables else []
    names = dict.fromkeys([*names, *(name for name in args.tables if name != 'all')])
    sections = []
    for name in names:
        if name == 'mini':
            rows = unpublished(sorted(CONFIGS.glob('[!_]*/mini_*.py')))
            sections.append(Section(name, 'models on the built-in data', rows))
        else:
            sections.append(Section(name, TABLES[name].title, rows_of(name)))
    if args.configs:
        sections.append(Section('configs', 'configs without a table', unpublished(args.configs)))
    return sections


def unpublished(paths: Sequence[Path]) -> list[Row]:
    return [Row(path.stem, '') for path in paths]


def run(args: argparse.Namespace, sections: Sequence[Section], results: Results) -> None:
    """Measure row by row; whatever happens, the report has what there is."""
    # Lines of a pipe or a file need not fit anywhere.
    console = Console(width=None if sys.stdout.isatty() else 160)
    progress = Console(stderr=True)
    files = {path.stem: path for path in args.configs}
    options = Options(
        checkpoints=args.checkpoints,
        runs=args.out / 'runs',
        latency=not args.no_latency,
        latency_shape=args.latency_shape and tuple(args.latency_shape),
        device=args.device,
    )
    try:
        for section in sections:
            for at, row in enumerate(section.rows, start=1):
                progress.print(
                    f'{section.name} {at}/{len(section.rows)}: {row.config}', highlight=False
                )
                path = files.get(row.config) or find_config(row.config)
                section.measured.append(measure_row(row, path, results, options))
            report.print_section(section, console)
        if any(section.name in TABLES for section in sections):
            resolutions(args.out, results)
    finally:
        write(args, sections)


def resolutions(out: Path, results: Results) -> None:
    rows = results.measure(
        'figure', 'resolutions', {'code': hash_of_code()}, figures.count_resolutions
    )
    figures.draw_resolutions(rows, out / 'flops_resolution.png')


def write(args: argparse.Namespace, sections: Sequence[Section]) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    parts = ['# Paper and ours', '']
    if not args.no_latency:
        shape = args.latency_shape and '×'.join(map(str, args.latency_shape))
        parts += [
            f'Latency of one input, {shape or "the resolution of the table"}: '
            f'median on {describe_device(args.device)}.',
            '',
        ]
    for section in sections:
        parts.append(report.markdown(section, accuracy_figures(section, args.out)))
    if (args.out / 'flops_resolution.png').exists():
        parts.append('## FLOPs against resolution\n\n![FLOPs](flops_resolution.png)\n')
    (args.out / 'report.md').write_text('\n'.join(parts), encoding='utf-8')
    report.write_csv(sections, args.out / 'report.csv')


def accuracy_figures(section: Section, out: Path) -> list[Path]:
    """Draw our own accuracy, or the published one where there is none."""
    metric = next((name for name in section.metrics() if name != ACCURACY), None)
    points = []
    for row, measured in section.pairs():
        own = measured and measured.metrics.get(metric)
        is_own = isinstance(own, float)
        value = own if is_own else row.metrics.get(metric)
        if measured is not None and value is not None:
            points.append(figures.Point(row.config, measured.flops / 1e9, float(value), is_own))
    if not points:
        return []
    path = out / f'accuracy_{section.name}.png'
    figures.draw_accuracy(points, metric, section.title, path)
    return [path]


def main(argv: Sequence[str] | None = None) -> int:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    check(parser, args)
    try:
        results, sections = Results(args.out / 'results.json'), sections_of(args)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    try:
        run(args, sections, results)
    except KeyboardInterrupt:
        print(
            f'\ninterrupted; {results.path} keeps what there is, the same command goes on',
            file=sys.stderr,
        )
        return INTERRUPTED
    print(f'{args.out / "report.md"}, report.csv and figures are written')
    return 0


if __name__ == '__main__':
    sys.exit(main())
