"""Memory that the backbone of a config needs for one image or clip in a training step.

Compares the attention patterns, each with all activations kept and with all recomputed. Clips are
those of the config by default. Counted are activations and temporary tensors in float32 (bfloat16
needs about half), at the peak of forward and backward pass; parameters, their gradients and the
optimizer come on top, once per GPU. Nothing is computed or downloaded: only shapes go through the
network.

examples:
  mmuniformer memory mask_rcnn_uniformer_s_h14_1x --shape 800 1280
  mmuniformer memory uniformerv2_l14_336_64_k400_k710_pre
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import track

from ..apis.memory_use import list_variants
from ..apis.tables import rich_table
from .arguments import add_config, add_shape, new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('memory', __doc__)
    add_config(parser)
    add_shape(parser, '800 1280')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    try:
        variants = list_variants(args.config, args.shape)
    except ValueError as error:
        raise ValueError(f'{args.config}: {error}') from error
    shape = variants[0].shape
    print(f'one {"clip" if len(shape) == 3 else "image"} of {"×".join(map(str, shape))}')
    rows = [
        (
            variant.attention + (' (as stated)' if variant.as_stated else ''),
            variant.recomputed,
            f'{variant.measure() / 2**30:.3g}',
        )
        for variant in track(variants, 'Measuring', disable=not sys.stderr.isatty())
    ]
    Console(width=100).print(rich_table(('attention', 'recomputed', 'GiB'), rows, box=None))
