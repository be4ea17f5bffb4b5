"""Parameters and FLOPs of the models of configs of any toolbox.

One multiply-add is one FLOP, as in the papers. Attention products count; norms, activations,
resizing and sampling do not. The input is that of the papers' tables: 800×1280 for detectors,
512×2048 for segmentation, otherwise what the config's test pipeline gives. Only shapes go through
the model, except for detectors like DETR. No weights are downloaded.

Parameters are all that are trained, as published; heads that only training runs have no FLOPs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ..apis.configs import find_config
from ..apis.cost import Complexity, complexity
from ..apis.flops import Part
from ..apis.tables import markdown_row, markdown_ruler

EXAMPLES = """\
examples:
  mmuniformer complexity mask_rcnn_uniformer_s_h14_1x                # part by part
  mmuniformer complexity configs/seg/*.py --markdown                 # a line per config
"""
COLUMNS = ('parameters', 'FLOPs')


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='mmuniformer complexity',
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config file or name')
    parser.add_argument(
        '--shape', type=int, nargs='+', metavar='N',
        help='height and width of the input in pixels (800 1280), for video after frames',
    )  # fmt: skip
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers to FILE')
    parser.add_argument('--markdown', action='store_true', help='print a Markdown table')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    configs = [find_config(config) for config in args.configs]
    if len(configs) > 1:
        content = print_overview(configs, args.shape, args.markdown)
    else:
        cost = count(configs[0], args.shape)
        print('\n'.join(describe_parts(cost, args.markdown)))
        content = {'config': str(configs[0]), **cost.to_dict()}
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(content, indent=1) + '\n')


def count(config: Path, shape: Sequence[int] | None) -> Complexity:
    try:
        return complexity(config, shape)
    except ValueError as error:
        raise ValueError(f'{config}: {error}') from error


def describe_parts(cost: Complexity, markdown: bool) -> list[str]:
    """Lay out a table of the parts of a model, and notes below it."""
    rows = [*cost.parts, Part('all', cost.parameters, cost.flops)]
    widths = (max(len(row.part) for row in rows), 12, 12)
    header = format_row(('part', *COLUMNS), widths, markdown)
    lines = [format_row((row.part, *format_cost(row)), widths, markdown) for row in rows]
    ruler = format_ruler(widths, markdown)
    if markdown:
        return [header, ruler, *lines, '', *make_notes(cost)]
    return [header, *lines[:-1], ruler, lines[-1], *make_notes(cost)]


def format_row(cells: Sequence[str], widths: Sequence[int], markdown: bool) -> str:
    row = markdown_row(cells, widths)
    return row if markdown else row[2:-2].replace(' | ', '  ')


def format_ruler(widths: Sequence[int], markdown: bool) -> str:
    return markdown_ruler(widths) if markdown else '-' * (sum(widths) + 2 * len(widths) - 2)


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


def print_overview(
    configs: Sequence[Path], shape: Sequence[int] | None, markdown: bool
) -> list[dict]:
    """Print a line per config as soon as it is counted; return what JSON takes."""
    widths = (max(len(config.stem) for config in configs), 11, 12, 12)
    print(format_row(('config', 'input', *COLUMNS), widths, markdown))
    print(format_ruler(widths, markdown))
    content = []
    for config in configs:
        cost = count(config, shape)
        cells = (config.stem, format_shape(cost.shape), *format_cost(cost))
        print(format_row(cells, widths, markdown), flush=True)
        content.append({'config': str(config), **cost.to_dict()})
    return content
