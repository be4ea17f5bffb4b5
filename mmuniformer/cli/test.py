"""Test a model of any of the toolboxes.

examples:
  mmuniformer test mask_rcnn_uniformer_s_h14_1x CHECKPOINT.pth --show-dir predictions
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.evaluator import DumpResults

from ..apis.predict.hook import DrawPredictions
from ..apis.runner import build_runner
from ..apis.toolbox import find_toolbox
from .arguments import new_parser
from .runner import add_runner_arguments, load_config


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('test', __doc__)
    add_runner_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('--out', help='write the predictions to this .pkl file')
    parser.add_argument('--show-dir', help='draw every prediction into this folder')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        raise ValueError(f'--out {args.out}: the file must end in .pkl or .pickle')
    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    hook = None
    if args.show_dir is not None:
        if args.launcher != 'none':
            raise ValueError('--show-dir draws in one process; omit --launcher')
        hook = DrawPredictions(find_toolbox(cfg), args.show_dir)
    runner = build_runner(cfg)
    if hook is not None:
        runner.register_hook(hook)
    if args.out is not None:
        runner.test_evaluator.metrics.append(DumpResults(out_file_path=args.out))
    runner.test()
