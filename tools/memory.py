"""Memory that the backbone of a config needs for one picture or clip in a training step.

    python tools/memory.py configs/det/mask_rcnn_uniformer_s_h14_1x.py --shape 800 1280
    python tools/memory.py configs/video/uniformerv2_l14_336_64_k400_k710_pre.py

compares the attention patterns, and keeping with recomputing activations. Clips are those of the
config unless told otherwise. Counted are activations
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
from _complexity_models import shape_for_video
from benchmarking.nets import masked
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker

import mmuniformer  # noqa: F401  opens the toolboxes' doors, config or not

# Of other backbones there is one pattern.
PATTERNS = {'UniFormer': ('global', 'hybrid', 'window'), 'UniFormer3D': ('joint', 'divided')}
PICTURE = (800, 1280)
# What stays however many pictures there are.
PERMANENT = ('PARAM', 'BUFFER', 'GRAD')


class _Tracker(MemTracker):
    """Looks for the worst moment without what is permanent.

    In total, that of a small input is the end of the backward pass, when all gradients are there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0

    def _update_peak_stats(self, peak_state: Any) -> None:
        for snapshot in self._curr_mem_snap.values():
            named = {str(key).rpartition('.')[2]: value for key, value in snapshot.items()}
            self.peak = max(self.peak, named['Total'] - sum(named[kind] for kind in PERMANENT))


def memory_of_step(net: nn.Module, inputs: Tensor) -> int:
    """Bytes that forward and backward pass need at most, beyond parameters and gradients."""
    _make_buffers_of_frozen_parameters(net)
    tracker = _Tracker()
    tracker.track_external(net, inputs)
    with tracker:
        outs = net(inputs)
        sum(out.sum() for out in (outs if isinstance(outs, tuple) else (outs,))).backward()
    return tracker.peak


def _make_buffers_of_frozen_parameters(net: nn.Module) -> None:
    """The tracker waits for the gradient of every parameter. What has none is permanent either way.

    Attributes of the modules stay what they were for a forward pass.
    """
    for module in net.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if not parameter.requires_grad:
                delattr(module, name)
                module.register_buffer(name, parameter.detach())


def measure(backbone: dict, shape: Sequence[int]) -> int:
    """Build a backbone from its config without contents, and measure it on one picture or clip."""
    with torch.device('meta'):  # where initialization does not look at the numbers it drew
        net = MODELS.build(backbone).train()
    with FakeTensorMode(allow_non_fake_inputs=True):
        # Without numbers no sample can be dropped, so all are computed.
        net = masked(net.to_empty(device='cpu'))
        return memory_of_step(net, torch.empty(1, net.in_channels, *shape))


def variants(backbone: dict) -> Iterator[tuple[str, str, dict]]:
    """Give name of the pattern, what is recomputed, and config of everything to compare."""
    stated = backbone.get('with_cp', False)
    partly = {}
    if isinstance(stated, Sequence) and any(stated):
        partly = {f'{tuple(stated)}, as stated': stated}
    elif stated and not isinstance(stated, bool | Sequence):
        partly = {f'the first {stated}, as stated': stated}
    recomputed = {'nothing': False, **partly, 'every block': True}
    kind = str(backbone['type']).rpartition('.')[2]
    for pattern in PATTERNS.get(kind, ('',)):
        attention = {'attention': pattern} if pattern else {}
        for name, with_cp in recomputed.items():
            yield pattern, name, {**backbone, **attention, 'with_cp': with_cp}


def parse_args(argv: Sequence[str] | None = None) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config file')
    parser.add_argument(
        '--shape', type=int, nargs='+', metavar='N',
        help='height and width of the picture (800 1280), of a clip with frames in front',
    )  # fmt: skip
    return parser, parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    if not args.config.is_file():
        parser.error(f'config {args.config} does not exist')
    config = Config.fromfile(args.config)
    scope = config.get('default_scope', 'mmengine')
    init_default_scope(scope)
    backbone = config.get('model', {}).get('backbone')
    if backbone is None or not str(backbone.type).rpartition('.')[2].startswith('UniFormer'):
        parser.error(f'{args.config} has no model with a UniFormer backbone')
    backbone = {**backbone.to_dict(), 'init_cfg': None}
    is_video = scope == 'mmaction'
    try:
        shape = args.shape or (shape_for_video(config) if is_video else PICTURE)
    except ValueError as error:
        parser.error(str(error))
    if len(shape) != 2 + is_video or min(shape[-2:]) < 32:
        words = 'T H W, of a clip,' if is_video else 'H W, of a picture,'
        parser.error(f'--shape takes {words} both at least 32 pixels')
    print(f'one {"clip" if is_video else "picture"} of {"×".join(map(str, shape))}')
    table = Table(box=None)
    for column in ('attention', 'recomputed', 'GiB'):
        table.add_column(column, justify='right' if column == 'GiB' else 'left')
    rows = list(variants(backbone))
    for pattern, recomputed, cfg in track(rows, 'Measuring', disable=not sys.stderr.isatty()):
        size = measure(cfg, shape)
        mark = ' (as stated)' if pattern and pattern == backbone.get('attention') else ''
        table.add_row(pattern + mark, recomputed, f'{size / 2**30:.3g}')
    Console(width=100).print(table)


if __name__ == '__main__':
    main()
