"""Make label maps for token labeling, with any classifier of mmpretrain as the annotator.

IMAGES holds a folder per class. For CLASS/NAME.jpg the map is MAPS/CLASS/NAME.pt, a tensor
(2, k, H, W): the k largest logits at each cell of the last map of the classifier, and their
classes. The whole image is resized to a square. Maps that are there are kept: after an interruption
the same command continues, and leaves the same files.

examples:
  mmuniformer make-label-maps data/imagenet/train data/imagenet/label_maps \\
      --model swin-large_in21k-pre-3rdparty_in1k-384
  mmuniformer make-label-maps IMAGES MAPS --model CONFIG.py --checkpoint CHECKPOINT.pth
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction

from ..apis.label_maps import make_label_maps
from .arguments import new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('make-label-maps', __doc__)
    parser.add_argument('images', type=Path, help='folder with a folder of images per class')
    parser.add_argument('out', type=Path, help='folder to write maps to, a folder per class')
    parser.add_argument('--model', required=True, help='name of a model of mmpretrain, or a config')
    parser.add_argument('--checkpoint', help='weights; default: those that mmpretrain publishes')
    parser.add_argument(
        '--model-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
        help='settings of the model to override, such as backbone.gap_before_final_norm=False',
    )  # fmt: skip
    parser.add_argument('--size', type=int, default=576, help='side in pixels; default 576')
    parser.add_argument('--top-k', type=int, default=5, help='classes per cell; default 5')
    parser.add_argument('--batch-size', type=int, default=16, help='default 16')
    parser.add_argument('--workers', type=int, default=4, help='processes that read; default 4')
    parser.add_argument('--device', help='such as cuda:1 or cpu; default: a GPU if there is one')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    images, written = make_label_maps(**vars(args))
    print(f'{args.out}: {images} label maps, {written} of them new')
