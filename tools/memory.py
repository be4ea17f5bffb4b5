"""Memory that the backbone of a config needs for one picture in a training step.

    python tools/memory.py configs/det/mask_rcnn_uniformer_s_h14_1x.py --shape 800 1280

compares the attention patterns, and keeping with recomputing activations. Counted are activations
and what the step allocates on its way, in float32 (bfloat16 needs about half), at the worst moment
of forward and backward pass; parameters, their gradients and the optimizer come on top, once per
GPU. Nothing is computed or downloaded, only tensors without contents go through the net.
"""

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker

import mmuniformer  # noqa: F401  opens the toolboxes' doors, config or not

PATTERNS = ('global', 'hybrid', 'window')
# What stays however many pictures there are.
PERMANENT = ('PARAM', 'BUFFER', 'GRAD')


def memory_of_step(net: nn.Module, pictures: Tensor) -> int:
    """Bytes that forward and backward pass need at most, beyond parameters and gradients."""
    tracker = MemTracker()
    tracker.track_external(net, pictures)
    with tracker:
        outs = net(pictures)
        sum(out.sum() for out in (outs if isinstance(outs, tuple) else (outs,))).backward()
    peak = tracker.get_tracker_snapshot('peak')[pictures.device]
    named = {str(key).rpartition('.')[2]: value for key, value in peak.items()}
    return named['Total'] - sum(named[kind] for kind in PERMANENT)


def measure(backbone: dict, shape: Sequence[int]) -> int:
    """Build a backbone from its config without contents, and measure it on one picture."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        net = MODELS.build(backbone).train()
        return memory_of_step(net, torch.empty(1, net.in_channels, *shape))


def variants(backbone: dict, stated: Any) -> Iterator[tuple[str, str, dict]]:
    recomputed = {'nothing': False, 'every block': True}
    if any(stated if isinstance(stated, Sequence) else ()):
        recomputed = {'nothing': False, f'{tuple(stated)}, as stated': stated, 'every block': True}
    patterns = PATTERNS if 'attention' in backbone else ('global',)
    for pattern in patterns:
        for name, with_cp in recomputed.items():
            yield pattern, name, {**backbone, 'attention': pattern, 'with_cp': with_cp}


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config file')
    parser.add_argument(
        '--shape', type=int, nargs=2, default=(800, 1280), metavar=('H', 'W'),
        help='height and width of the picture (800 1280)',
    )  # fmt: skip
    return parser, parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    if not args.config.is_file():
        parser.error(f'config {args.config} does not exist')
    if min(args.shape) < 32:
        parser.error(f'--shape {args.shape[0]} {args.shape[1]}: both at least 32 pixels')
    config = Config.fromfile(args.config)
    init_default_scope(config.get('default_scope', 'mmengine'))
    backbone = config.get('model', {}).get('backbone')
    if backbone is None or not str(backbone.type).rpartition('.')[2].startswith('UniFormer'):
        parser.error(f'{args.config} has no model with a UniFormer backbone')
    backbone = {**backbone.to_dict(), 'init_cfg': None}
    table = Table(box=None)
    for column in ('attention', 'recomputed', 'GiB a picture'):
        table.add_column(column, justify='right' if column.startswith('GiB') else 'left')
    rows = list(variants(backbone, backbone.get('with_cp', False)))
    for pattern, recomputed, cfg in track(rows, 'Measuring', disable=not sys.stderr.isatty()):
        size = measure(cfg, args.shape)
        mark = ' (as stated)' if pattern == backbone.get('attention') else ''
        table.add_row(pattern + mark, recomputed, f'{size / 2**30:.3g}')
    Console(width=100).print(table)


if __name__ == '__main__':
    main()
