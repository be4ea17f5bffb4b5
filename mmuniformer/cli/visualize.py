"""Draw what a network sees in an image or a video.

Models of all five toolboxes. An image gives a PNG of its size, a video an MPEG-4 of the frames that
the network sees. Stages, blocks and layers are counted from 1. CONFIG and CHECKPOINT are what
training took and wrote; published files become checkpoints by mmuniformer convert.

examples:
  mmuniformer visualize cam uniformer_s_in1k CHECKPOINT.pth image.jpg
  mmuniformer visualize attention uniformer_s_in1k CHECKPOINT.pth image.jpg --stage 3 --block 1
  mmuniformer visualize features uniformer_s_in1k CHECKPOINT.pth image.jpg
  mmuniformer visualize affinity uniformer_s_in1k CHECKPOINT.pth --stage 1 --block 1
  mmuniformer visualize compare LLLL.py llll.pth LLGG.py llgg.pth GGGG.py gggg.pth image.jpg
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console

from ..apis import explanation
from ..apis.explanation import Axis, Explanation, Mode
from .arguments import new_parser

OUT = Path('work_dirs/visualize')
METHODS = {
    'cam': 'Grad-CAM of a stage: what speaks for the answer',
    'attention': 'what one position, or a video, attends to in a global block',
    'features': 'maps of all stages or layers, as principal components or means',
    'affinity': 'learned neighborhoods of a local block',
    'compare': 'CAMs of several models side by side',
}
NOT_OPTIONS = ('command', 'config', 'checkpoint', 'input', 'pairs', 'out')


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('visualize', __doc__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, text in METHODS.items():
        one = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.')
        if name == 'compare':
            one.add_argument('pairs', nargs='+', metavar='CONFIG CHECKPOINT', help='two or more')
        else:
            one.add_argument('config', help='config file or name')
            one.add_argument('checkpoint', type=Path, help='.pth file that training wrote')
        if name != 'affinity':
            one.add_argument('input', type=Path, metavar='INPUT', help='an image or a video')
            one.add_argument(
                '--size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
                help='pixels the net sees; default as the config tests, in the image\'s shape',
            )  # fmt: skip
        if name not in ('affinity', 'features'):
            one.add_argument('--strength', type=float, default=0.5, help='of the heat, 0 to 1')
        one.add_argument('--out', type=Path, help=f'file to write; default in {OUT}')
    add_options(commands.choices)
    return parser


def add_options(commands: dict[str, argparse.ArgumentParser]) -> None:
    for name in ('cam', 'compare'):
        commands[name].add_argument('--stage', type=int, help='stage to explain; default the last')
        commands[name].add_argument(
            '--category', type=int, metavar='N',
            help='class or keypoint to explain, from 0; default the answer of the net',
        )  # fmt: skip
    for name in ('stage', 'block'):
        commands['affinity'].add_argument(f'--{name}', type=int, default=1, help='default 1')
    add_attention_options(commands['attention'])
    commands['features'].add_argument(
        '--mode', choices=get_args(Mode), default='pca',
        help='first three principal components as colors (default), or the mean absolute value',
    )  # fmt: skip
    commands['features'].add_argument(
        '--layers', type=int, nargs='+', metavar='N',
        help='UniFormerV2: layers of the ViT; default the last of each quarter',
    )  # fmt: skip
    commands['compare'].add_argument('--names', nargs='+', help="captions; default the configs'")


def add_attention_options(attention: argparse.ArgumentParser) -> None:
    attention.add_argument('--stage', type=int, help='default 3')
    attention.add_argument(
        '--block', type=int, help='of the stage, default 1; UniFormerV2: global UniBlock, the last'
    )
    attention.add_argument(
        '--axis', choices=get_args(Axis),
        help='of divided attention: within the frame of the query (space, default), or what its '
        'position attends to in all frames (time)',
    )  # fmt: skip
    attention.add_argument(
        '--layer', type=int,
        help='UniFormerV2: layer of the ViT, in place of what a global UniBlock attends to; a net '
        'without these has the last layer as default',
    )  # fmt: skip
    attention.add_argument(
        '--query', type=int, nargs=2, metavar=('X', 'Y'),
        help='pixel of the image that attends; default the center',
    )  # fmt: skip
    attention.add_argument(
        '--class-token', action='store_true',
        help='with --layer: the class token attends, in place of a pixel',
    )  # fmt: skip
    attention.add_argument('--frame', type=int, help='of the query in a video; default the middle')
    attention.add_argument('--head', type=int, help='from 1; default the mean of all')


def draw(args: argparse.Namespace) -> Explanation:
    """Call the function of the library that belongs to the command."""
    options = {name: value for name, value in vars(args).items() if name not in NOT_OPTIONS}
    if args.command != 'compare':
        inputs = [args.input] if args.command != 'affinity' else []
        function = getattr(explanation, f'explain_{args.command}')
        return function(args.config, args.checkpoint, *inputs, **options)
    if len(args.pairs) < 4 or len(args.pairs) % 2:
        raise ValueError('compare takes CONFIG CHECKPOINT twice or more, and then INPUT')
    models = list(zip(args.pairs[::2], args.pairs[1::2], strict=True))
    return explanation.compare_cams(models, args.input, **options)


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    if args.out and args.out.is_dir():
        raise ValueError(f'--out {args.out} is a folder; name a file')
    warnings.filterwarnings('ignore')
    console = Console()
    with console.status(f'{args.command} …'):
        drawn = draw(args)
        path = drawn.save(args.out or OUT / f'{drawn.name}{drawn.suffix}')
    console.print(str(path), soft_wrap=True)
