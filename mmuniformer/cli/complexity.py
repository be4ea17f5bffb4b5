"""Parameters and FLOPs of the models of configs of any toolbox.

One multiply-add is one FLOP, as in the papers. Attention products count; norms, activations,
resizing and sampling do not. The input is that of the papers' tables: 800×1280 for detectors,
512×2048 for segmentation, otherwise what the config's test pipeline gives. Only shapes go through
the model, except for detectors like DETR. No weights are downloaded.

Parameters are all that are trained, as published; heads that only training runs have no FLOPs.

examples:
  mmuniformer complexity mask_rcnn_uniformer_s_h14_1x                # part by part
  mmuniformer complexity configs/seg/*.py --markdown                 # a line per config
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.progress import track

from ..apis.configs import find_config
from ..apis.cost import Complexity, complexity
from ..apis.flops import Part
from ..apis.tables import make_console, markdown_table, rich_table
from .arguments import add_shape, new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('complexity', __doc__)
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config file or name')
    add_shape(parser)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers to FILE')
    parser.add_argument('--markdown', action='store_true', help='print a Markdown table')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    configs = [find_config(config) for config in args.configs]
    hidden = len(configs) == 1 or not sys.stderr.isatty()
    costs = [count(config, args.shape) for config in track(configs, 'Counting', disable=hidden)]
    content = [
        {'config': str(config), **asdict(cost)} for config, cost in zip(configs, costs, strict=True)
    ]
    if len(configs) == 1:
        print_parts(costs[0], args.markdown)
    else:
        rows = [
            (config.stem, format_shape(cost.shape), *format_cost(cost))
            for config, cost in zip(configs, costs, strict=True)
        ]
        print_table(('config', 'input', 'parameters', 'FLOPs'), rows, args.markdown)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content[0] if len(configs) == 1 else content, indent=1)
        args.json.write_text(f'{text}\n')


def print_parts(cost: Complexity, markdown: bool) -> None:
    parts = [*cost.parts, Part('all', cost.parameters, cost.flops)]
    rows = [(part.part, *format_cost(part)) for part in parts]
    print_table(('part', 'parameters', 'FLOPs'), rows, markdown)
    print('\n'.join(make_notes(cost)))


def count(config: Path, shape: Sequence[int] | None) -> Complexity:
    try:
        return complexity(config, shape)
    except ValueError as error:
        raise ValueError(f'{config}: {error}') from error


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], markdown: bool) -> None:
    if markdown:
        print('\n'.join([*markdown_table([header, *rows], pad=True), '']))
        return
    make_console().print(rich_table(header, rows))


def format_cost(cost: Complexity | Part) -> tuple[str, str]:
    return f'{cost.parameters / 1e6:.2f} M', f'{cost.flops / 1e9:.2f} G'


def format_shape(shape: Sequence[int]) -> str:
    return '×'.join(map(str, shape))


def make_notes(cost: Complexity) -> list[str]:
    notes = [f'one input of {format_shape(cost.shape)}, one multiply-add is one FLOP']
    if cost.views > 1:
        flops = cost.flops * cost.views / 1e9
        notes.append(f'a test takes {cost.views} views (clips × crops): {flops:.2f} G')
    unused = [part for part in cost.parts if part.parameters and not part.flops]
    if unused:
        names = ', '.join(part.part for part in unused)
        millions = (cost.parameters - sum(part.parameters for part in unused)) / 1e6
        notes.append(f'without {names}, which a test does not run: {millions:.2f} M parameters')
    return notes
