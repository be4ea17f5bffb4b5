"""Draw what a model finds in pictures, videos, and what a camera sees.

    python tools/demo.py TASK CONFIG CHECKPOINT pictures/ 'more/*.jpg' film.mp4 0 --out-dir out

leaves in OUT-DIR for every picture NAME.png and NAME.json, for every video NAME.mp4 and NAME.json,
which have what was found in numbers; and overview.png, the first pictures side by side. A number is
a camera, which runs until Ctrl-C or for --frames. An input that cannot be read is named at the end,
the others are used, and the exit status is 1.
"""

import argparse
import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demos.inputs import Source, find_inputs
from demos.models import Predictor
from demos.outputs import Run
from mmengine.config import Config

ANY = ('picture', 'video')


@dataclass(frozen=True)
class Task:
    """What a task needs: toolbox, class in ``demos``, and the inputs that it takes."""

    scope: str
    predictor: str
    help: str
    kinds: tuple[str, ...] = ANY
    options: tuple[str, ...] = ()


TASKS = {
    'cls': Task('mmpretrain', 'Classifier', 'classes of pictures', options=('topk', 'labels')),
    'det': Task('mmdet', 'Detector', 'boxes and masks', options=('score',)),
    'seg': Task('mmseg', 'Segmentor', 'a class for every pixel', options=('labels',)),
    'pose': Task('mmpose', 'PoseEstimator', 'skeletons', options=('score', 'detector')),
    'video': Task(
        'mmaction', 'ActionRecogniser', 'the action in a video', ('video',), ('topk', 'labels')
    ),
}


def share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f'{text} is not between 0 and 1')
    return value


def count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number from 0 up')
    return int(text)


def some(text: str) -> int:
    if count(text) == 0:
        raise argparse.ArgumentTypeError('0 is not a whole number from 1 up')
    return int(text)


def parse_args(
    argv: Sequence[str] | None = None,
) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tasks = parser.add_subparsers(dest='task', required=True, metavar='TASK')
    for name, task in TASKS.items():
        text = f'{task.help}, with a config of {task.scope}'
        one = tasks.add_parser(name, help=text, description=f'Draw {text}.')
        one.add_argument('config', type=Path, help='config the model was trained with')
        one.add_argument('checkpoint', type=Path, help='.pth file that training wrote')
        kinds = ', '.join(f'{kind}s' for kind in task.kinds)
        one.add_argument(
            'inputs', nargs='+', metavar='INPUT', help=f'{kinds}, folders, patterns, camera numbers'
        )
        one.add_argument('--out-dir', type=Path, required=True, help='folder to write')
        one.add_argument('--device', default='cpu', help='cpu (as it is), cuda or cuda:0')
        one.add_argument('--frames', type=some, help='use so many of a video or camera at most')
        one.add_argument('--grid', type=count, default=8, help='pictures in overview.png (8), or 0')
        add_options(one, task.options)
    return parser, parser.parse_args(argv)


def add_options(parser: argparse.ArgumentParser, options: Sequence[str]) -> None:
    if 'score' in options:
        parser.add_argument('--score-thr', type=share, default=0.3, help='least score (0.3)')
    if 'topk' in options:
        parser.add_argument('--topk', type=some, default=5, help='classes to name (5)')
    if 'labels' in options:
        parser.add_argument(
            '--labels', help='file with a class name per line, or a set such as kinetics400'
        )
    if 'detector' in options:
        parser.add_argument(
            '--det-config', type=Path, help='config of mmdet that finds people; else one a picture'
        )
        parser.add_argument('--det-checkpoint', type=Path, help='checkpoint of the detector')
        parser.add_argument('--det-class', type=count, default=0, help='class of people (0)')


def check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[Source]:
    files = {'config': args.config, 'checkpoint': args.checkpoint}
    if getattr(args, 'det_config', None) or getattr(args, 'det_checkpoint', None):
        files |= {'--det-config': args.det_config, '--det-checkpoint': args.det_checkpoint}
    for name, path in files.items():
        if path is None:
            parser.error(f'{name} is missing; --det-config and --det-checkpoint belong together')
        if not path.is_file():
            parser.error(f'{name} {path} does not exist')
        if path.suffix == '.safetensors':
            parser.error(f'{name} {path}: the toolboxes read .pth only')
    if args.out_dir.exists() and not args.out_dir.is_dir():
        parser.error(f'--out-dir {args.out_dir} is a file; name a folder')
    task = TASKS[args.task]
    scope = Config.fromfile(args.config).get('default_scope')
    if scope != task.scope:
        parser.error(f'{args.config} is a config of {scope}; {args.task} needs one of {task.scope}')
    if args.device.startswith('cuda'):
        import torch

        if not torch.cuda.is_available():
            parser.error(f'--device {args.device}: torch sees no GPU; leave it out for the CPU')
    return find_inputs(parser, args.inputs, task.kinds)


def make_predictor(
    task: str, config: Path, checkpoint: Path, device: str, args: argparse.Namespace
) -> Predictor:
    """Build the model of ``task``; its toolbox is imported here.

    Raises:
        ValueError: the checkpoint is not one of the config, or the labels do not fit.
    """
    kind = getattr(importlib.import_module(f'demos.{task}'), TASKS[task].predictor)
    return kind(config, checkpoint, device, args)


def main(argv: Sequence[str] | None = None) -> None:
    parser, args = parse_args(argv)
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    sources = check(parser, args)
    try:
        predict = make_predictor(args.task, args.config, args.checkpoint, args.device, args)
    except (ValueError, FileNotFoundError) as error:
        raise SystemExit(f'error: {error}') from error
    whole = 'picture' not in TASKS[args.task].kinds
    raise SystemExit(Run(predict, args.out_dir, args.frames, whole, args.grid)(sources))


if __name__ == '__main__':
    main()
