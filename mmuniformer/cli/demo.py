"""Draw what a model finds in images, videos, and what a camera sees.

OUT-DIR gets NAME.png and NAME.json for every image, NAME.mp4 and NAME.json for every video, where
the JSON file has what was found in numbers; and overview.png, the first images side by side. A
number is a camera, which runs until Ctrl-C or for --frames. Inputs that cannot be read are listed
at the end, the others are used, and the exit status is 1.

examples:
  mmuniformer demo det mask_rcnn_uniformer_s_h14_1x CHECKPOINT.pth photos/ --out-dir out
  mmuniformer demo cls uniformer_s_in1k CHECKPOINT.pth film.mp4 0 --frames 100 --out-dir out
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..apis.predict import (
    ActionRecognizer,
    Classifier,
    Detector,
    PoseEstimator,
    PredictionRun,
    Predictor,
    Segmentor,
    find_sources,
)
from .arguments import add_config, add_device, new_parser

# Task → predictor, and what it draws.
TASKS: dict[str, tuple[type[Predictor], str]] = {
    'cls': (Classifier, 'classes of images'),
    'det': (Detector, 'boxes and masks'),
    'seg': (Segmentor, 'a class for every pixel'),
    'pose': (PoseEstimator, 'skeletons'),
    'video': (ActionRecognizer, 'the action in a video'),
}


def score(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'{text} is not between 0 and 1')
    return value


def non_negative_int(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 0 up')
    return int(text)


def positive_int(text: str) -> int:
    if non_negative_int(text) == 0:
        raise argparse.ArgumentTypeError('0 is not a whole number from 1 up')
    return int(text)


OPTIONS: dict[str, dict[str, Any]] = {
    'score_thr': {'type': score, 'default': 0.3, 'help': 'lowest score (0.3)'},
    'topk': {'type': positive_int, 'default': 5, 'help': 'number of classes to show (5)'},
    'labels': {'help': 'file with a class name per line, or a dataset such as kinetics400'},
    'det_config': {'help': 'mmdet config of a person detector; else one person per image'},
    'det_checkpoint': {'type': Path, 'help': 'checkpoint of the detector'},
    'det_class': {'type': non_negative_int, 'default': 0, 'help': 'label of persons (0)'},
}


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('demo', __doc__)
    tasks = parser.add_subparsers(dest='task', required=True, metavar='TASK')
    for name, (predictor, drawn) in TASKS.items():
        text = f'{drawn}, with a config of {predictor.scope}'
        one = tasks.add_parser(name, help=text, description=f'Draw {text}.')
        add_config(one)
        one.add_argument('checkpoint', type=Path, help='.pth file that training wrote')
        types = ', '.join(f'{type_}s' for type_ in predictor.takes)
        one.add_argument(
            'inputs', nargs='+', metavar='INPUT', help=f'{types}, folders, patterns, camera numbers'
        )
        one.add_argument('--out-dir', type=Path, required=True, help='folder to write')
        add_device(one)
        one.add_argument(
            '--frames', type=positive_int, help='use at most this many of a video or camera'
        )
        one.add_argument(
            '--grid', type=non_negative_int, default=8, help='images in overview.png (8), or 0'
        )
        for option in options_of(predictor):
            one.add_argument(f'--{option.replace("_", "-")}', **OPTIONS[option])
    return parser


def options_of(predictor: type[Predictor]) -> list[str]:
    return [field.name for field in fields(predictor) if field.name in OPTIONS]


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    predictor, _ = TASKS[args.task]
    if args.out_dir.exists() and not args.out_dir.is_dir():
        raise ValueError(f'--out-dir {args.out_dir} is a file; name a folder')
    sources = find_sources(args.inputs, predictor.takes)
    options = {name: getattr(args, name) for name in options_of(predictor)}
    predict = predictor(args.config, args.checkpoint, args.device, **options)
    run = PredictionRun(predict, args.out_dir, args.frames, args.grid, progress=sys.stderr.isatty())
    run(sources)
    report(run)
    return 1 if run.failures else 0


def report(run: PredictionRun) -> None:
    done = ' and '.join(
        f'{count} {type_}{"s" if count != 1 else ""}' for type_, count in run.counts.items()
    )
    if done:
        print(f'{run.objects} {run.predictor.noun} in {done}, drawn into {run.out_dir}')
    if run.shown:
        print(run.overview)
    for failure in run.failures:
        print(f'not used: {failure}', file=sys.stderr)
