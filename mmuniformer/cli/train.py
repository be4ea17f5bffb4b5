"""Train a model of any of the toolboxes.

examples:
  mmuniformer train mask_rcnn_uniformer_s_h14_1x --work-dir work_dirs/mask_rcnn --amp
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.config import Config

from ..apis.runner import build_runner
from .arguments import new_parser
from .runner import add_runner_arguments, load_config


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('train', __doc__)
    add_runner_arguments(parser)
    parser.add_argument(
        '--resume', nargs='?', const='auto',
        help='go on from this checkpoint, or from the latest one in the work folder',
    )  # fmt: skip
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate meanwhile')
    parser.add_argument(
        '--auto-scale-lr', action='store_true', help='scale the learning rate to the batch size'
    )
    return parser


def merge_args(cfg: Config, args: argparse.Namespace) -> None:
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ValueError(
                f'--auto-scale-lr was given, but {args.config} does not say for which batch '
                'size its learning rate is; add auto_scale_lr=dict(base_batch_size=...) to it'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    cfg = load_config(args)
    merge_args(cfg, args)
    build_runner(cfg).train()
