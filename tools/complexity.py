"""Parameters and FLOPs of the models of configs, whatever their toolbox.

    python tools/complexity.py configs/det/mask_rcnn_uniformer_s_h14_1x.py   # part by part
    python tools/complexity.py configs/seg/*.py --markdown                   # a line per config

One multiply-add is one FLOP, as in the papers. Attention products count; norms, activations,
resizing and sampling do not. The input is that of the papers' tables: 800×1280 for detectors,
512×2048 for segmentation, otherwise what the config's test pipeline gives. Nothing is computed: the
shapes alone go through the model, but for DETR and its kin; and no weights are downloaded.

Parameters are all that are trained, as published; heads used in training alone have no FLOPs.
"""

import argparse
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from _complexity_models import TOOLBOXES, Meter, Toolbox, channels_of, count_parameters
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.utils import get_object_from_string
from torch import nn

import mmuniformer  # noqa: F401  opens the toolboxes' doors, config or not

COLUMNS = ('parameters', 'FLOPs')


def measure(config: str | Path | Config, shape: Sequence[int] | None = None) -> dict:
    """Count the model of ``config``.

    Args:
        config: file or config.
        shape: height and width of the input in pixels, for video with frames in front; as in the
            papers' tables if None.

    Raises:
        ValueError: the config has no model, or one that is not counted here.
    """
    config = config if isinstance(config, Config) else Config.fromfile(config)
    toolbox = toolbox_of(config)
    shape = tuple(toolbox.shape(config) if shape is None else shape)
    model = build(config, toolbox)
    device = 'meta' if toolbox.runs_on_shapes(model) else 'cpu'
    # Built, then emptied: some constructors compute with tensors, which fails on the meta device.
    model.to(device).eval().requires_grad_(False)
    meter = Meter()
    image = torch.zeros(1, channels_of(model), *shape, device=device)
    toolbox.measure(model, image, meter)
    meter.add_parts_not_run(model)
    return {
        'shape': list(shape),
        'views': toolbox.views(config),
        'parameters': count_parameters(model),
        'flops': sum(row.flops for row in meter.rows),
        'parts': [asdict(row) for row in meter.rows],
    }


def toolbox_of(config: Mapping) -> Toolbox:
    scope = config.get('default_scope')
    if scope not in TOOLBOXES:
        raise ValueError(
            f'default_scope {scope!r}: models of {", ".join(TOOLBOXES)} can be counted, no others'
        )
    if 'model' not in config:
        raise ValueError('the config has no model; give one that train.py takes')
    return TOOLBOXES[scope]


def build(config: Config, toolbox: Toolbox) -> nn.Module:
    # The default scope is one per process; the next config may be of another toolbox.
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(config.model)
    base = get_object_from_string(toolbox.base)
    if not isinstance(model, base):
        raise ValueError(
            f'the model is a {type(model).__name__}; of {config.default_scope}, '
            f'{base.__name__} and what derives from it can be counted'
        )
    return model


def size(shape: Sequence[int]) -> str:
    return '×'.join(map(str, shape))


def in_millions(result: Mapping) -> str:
    return f'{result["parameters"] / 1e6:.2f} M'


def in_billions(result: Mapping) -> str:
    return f'{result["flops"] / 1e9:.2f} G'


def line(cells: Sequence[str], widths: Sequence[int], markdown: bool) -> str:
    """Lay out a row of a table, the first cell to the left and the others to the right."""
    pairs = list(zip(cells, widths, strict=True))
    words = [f'{cell:<{w}}' if at == 0 else f'{cell:>{w}}' for at, (cell, w) in enumerate(pairs)]
    return f'| {" | ".join(words)} |' if markdown else '  '.join(words)


def ruler(widths: Sequence[int], markdown: bool) -> str:
    if not markdown:
        return '-' * (sum(widths) + 2 * len(widths) - 2)
    dashes = ['-' * widths[0], *('-' * (width - 1) + ':' for width in widths[1:])]
    return f'| {" | ".join(dashes)} |'


def table(result: dict, markdown: bool = False) -> str:
    """Give the parts of one model."""
    rows = [*result['parts'], {'part': 'all', **result}]
    widths = (max(len(row['part']) for row in rows), 12, 12)
    lines = [
        line((row['part'], in_millions(row), in_billions(row)), widths, markdown) for row in rows
    ]
    lines.insert(-1 if not markdown else 0, ruler(widths, markdown))
    lines.insert(0, line(('part', *COLUMNS), widths, markdown))
    return '\n'.join([*lines, *([''] if markdown else []), *notes(result)])


def notes(result: dict) -> list[str]:
    found = [f'one input of {size(result["shape"])}, one multiply-add is one FLOP']
    if result['views'] > 1:
        flops = result['flops'] * result['views'] / 1e9
        found.append(f'a test takes {result["views"]} views (clips × crops): {flops:.2f} G')
    unused = [row for row in result['parts'] if row['parameters'] and not row['flops']]
    if unused:
        names = ', '.join(row['part'] for row in unused)
        millions = (result['parameters'] - sum(row['parameters'] for row in unused)) / 1e6
        found.append(f'without {names}, which a test does not run: {millions:.2f} M parameters')
    return found


def overview(configs: Sequence[Path], shape: Sequence[int] | None, markdown: bool) -> list[dict]:
    """Print a line per config as soon as it is counted, and give the results."""
    widths = (max(len(config.stem) for config in configs), 11, 12, 12)
    print(line(('config', 'input', *COLUMNS), widths, markdown))
    print(ruler(widths, markdown))
    results = []
    for config in configs:
        result = measure_or_say(config, shape)
        cells = (config.stem, size(result['shape']), in_millions(result), in_billions(result))
        print(line(cells, widths, markdown), flush=True)
        results.append({'config': str(config), **result})
    return results


def measure_or_say(config: Path, shape: Sequence[int] | None) -> dict:
    try:
        return measure(config, shape)
    except ValueError as error:
        raise ValueError(f'{config}: {error}') from error


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', type=Path, nargs='+', metavar='CONFIG', help='config file')
    parser.add_argument(
        '--shape', type=int, nargs='+', metavar='N',
        help='height and width of the input, for video with frames in front',
    )  # fmt: skip
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers to FILE')
    parser.add_argument('--markdown', action='store_true', help='print a Markdown table')
    return parser, parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    for config in args.configs:
        if not config.is_file():
            parser.error(f'config {config} does not exist')
    if args.shape is not None and (len(args.shape) not in (2, 3) or min(args.shape[-2:]) < 32):
        parser.error('--shape takes H W, or T H W for video; H and W at least 32 pixels')
    try:
        if len(args.configs) > 1:
            results = overview(args.configs, args.shape, args.markdown)
        else:
            result = measure_or_say(args.configs[0], args.shape)
            print(table(result, args.markdown))
            results = {'config': str(args.configs[0]), **result}
    except ValueError as error:
        parser.error(str(error))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(results, indent=1) + '\n')


if __name__ == '__main__':
    main()
