"""Parameters and FLOPs of the whole model of a config, part by part.

    python tools/complexity.py configs/det/mask_rcnn_uniformer_s_h14_1x.py --shape 800 1280

One multiply-add is one FLOP, as in the papers. Attention products count; norms, activations and
resizing do not. Nothing is computed: the shapes alone go through the model, and no weights are
downloaded.
"""

import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

# The published numbers of two-stage detectors are for so many regions per picture.
BOX_REGIONS, MASK_REGIONS = 1000, 100


@dataclass(frozen=True)
class Row:
    part: str
    parameters: int
    flops: int


@dataclass
class Meter:
    """Runs parts of a model and writes down what each costs."""

    rows: list[Row] = field(default_factory=list)

    def __call__(self, name: str, module: nn.Module, *inputs: Any) -> Any:
        counter = FlopCounterMode(display=False)
        # The fused kernel for the CPU has no formula in torch; the plain one is two products.
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
            out = module(*inputs)
        # torch counts a multiply-add as two operations.
        self.rows.append(Row(name, count_parameters(module), counter.get_total_flops() // 2))
        return out


def count_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def measure_detector(model: nn.Module, image: Tensor, meter: Meter) -> None:
    """Count one- and two-stage detectors of mmdet, cascades included."""
    features = meter('backbone', model.backbone, image)
    if getattr(model, 'neck', None) is not None:
        features = meter('neck', model.neck, features)
    for name in ('rpn_head', 'bbox_head'):
        if getattr(model, name, None) is not None:
            meter(name, getattr(model, name), features)
    if getattr(model, 'roi_head', None) is not None:
        measure_regions(model.roi_head, meter)


def measure_regions(roi_head: nn.Module, meter: Meter) -> None:
    for kind, regions in (('bbox', BOX_REGIONS), ('mask', MASK_REGIONS)):
        head = getattr(roi_head, f'{kind}_head', None)
        if head is None:
            continue
        heads = in_list(head)
        # A mask head without an extractor of its own shares that of the boxes.
        extractor = getattr(roi_head, f'{kind}_roi_extractor', None) or roi_head.bbox_roi_extractor
        extractors = in_list(extractor)
        for stage, head in enumerate(heads):
            extractor = extractors[min(stage, len(extractors) - 1)]
            size = extractor.roi_layers[0].output_size
            crops = torch.empty(regions, extractor.out_channels, *size, device='meta')
            suffix = f'.{stage}' if len(heads) > 1 else ''
            meter(f'roi_head.{kind}_head{suffix}', head, crops)


def in_list(module: nn.Module) -> list[nn.Module]:
    return list(module) if isinstance(module, nn.ModuleList) else [module]


# default_scope of the config -> how its models are run.
MEASURES: dict[str, Callable[[nn.Module, Tensor, Meter], None]] = {'mmdet': measure_detector}


def measure(config: str | Path | Config, shape: Sequence[int]) -> dict:
    """Count the model of ``config`` on a picture of ``shape``, height and width.

    Raises:
        ValueError: the config is of a toolbox whose models are not counted here.
    """
    config = config if isinstance(config, Config) else Config.fromfile(config)
    scope = config.get('default_scope')
    if scope not in MEASURES:
        raise ValueError(
            f'default_scope {scope!r}: models of {", ".join(MEASURES)} can be counted, no others'
        )
    if 'model' not in config:
        raise ValueError('the config has no model; give one that train.py takes')
    # The default scope is one per process, and the last one set stays.
    init_default_scope(scope)
    from mmengine.registry import MODELS

    # Built, then emptied: some constructors compute with tensors, which fails on the meta device.
    model = MODELS.build(config.model).to('meta')
    model.eval()
    meter = Meter()
    image = torch.empty(1, channels_of(model), *shape, device='meta')
    MEASURES[scope](model, image, meter)
    return {
        'shape': list(shape),
        'parameters': count_parameters(model),
        'flops': sum(row.flops for row in meter.rows),
        'parts': [asdict(row) for row in meter.rows],
    }


def channels_of(model: nn.Module) -> int:
    return getattr(model.backbone, 'in_channels', 3) if hasattr(model, 'backbone') else 3


def table(result: dict) -> str:
    rows = [*result['parts'], {'part': 'all', **result}]
    width = max(len(row['part']) for row in rows)
    lines = [f'{"part":<{width}}  {"parameters":>12}  {"FLOPs":>10}']
    lines += [
        f'{row["part"]:<{width}}  {row["parameters"] / 1e6:>10.2f} M  {row["flops"] / 1e9:>8.2f} G'
        for row in rows
    ]
    lines.insert(-1, '-' * len(lines[0]))
    height, width = result['shape']
    return '\n'.join([*lines, f'one picture of {height}×{width}, one multiply-add is one FLOP'])


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config file')
    parser.add_argument(
        '--shape', type=int, nargs=2, default=(800, 1280), metavar=('H', 'W'),
        help='height and width of the picture (800 1280)',
    )  # fmt: skip
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers to FILE')
    return parser, parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    if not args.config.is_file():
        parser.error(f'config {args.config} does not exist')
    if min(args.shape) < 32:
        parser.error(f'--shape {args.shape[0]} {args.shape[1]}: both at least 32 pixels')
    try:
        result = measure(args.config, args.shape)
    except ValueError as error:
        parser.error(f'{args.config}: {error}')
    print(table(result))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps({'config': str(args.config), **result}, indent=1) + '\n')


if __name__ == '__main__':
    main()
