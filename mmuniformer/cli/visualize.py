"""Draw what a net sees in a picture or a clip.

    python tools/visualize.py cam CONFIG CHECKPOINT picture.jpg
    python tools/visualize.py attention CONFIG CHECKPOINT picture.jpg --stage 3 --block 1
    python tools/visualize.py features CONFIG CHECKPOINT picture.jpg
    python tools/visualize.py affinity CONFIG CHECKPOINT --stage 1 --block 1
    python tools/visualize.py compare LLLL.py llll.pth LLGG.py llgg.pth GGGG.py gggg.pth picture.jpg

Models of all five toolboxes. A picture gives a PNG of its size, a clip an MPEG-4 of the frames that
the net sees. Stages, blocks and layers are counted from 1. CONFIG and CHECKPOINT are what training
took and wrote; published files become checkpoints by tools/convert_official.py.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from visualizing.commands import COMMANDS, write

from mmuniformer.visualization.attention import AXES

OUT = Path('work_dirs/visualize')


def parse_args(argv: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, text in (
        ('cam', 'Grad-CAM of a stage: what speaks for the answer'),
        ('attention', 'what one position, or a clip, attends to in a global block'),
        ('features', 'maps of all stages or layers, as principal components or means'),
        ('affinity', 'learnt neighbourhoods of a local block'),
        ('compare', 'CAMs of several models side by side'),
    ):
        one = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.')
        if name == 'compare':
            one.add_argument('pairs', nargs='+', metavar='CONFIG CHECKPOINT', help='two or more')
        else:
            one.add_argument('config', type=Path, help='config the model was trained with')
            one.add_argument('checkpoint', type=Path, help='.pth file that training wrote')
        if name != 'affinity':
            one.add_argument('input', type=Path, metavar='INPUT', help='a picture, or a video')
            one.add_argument(
                '--size', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'),
                help='pixels the net sees; default as the config tests, in the picture\'s shape',
            )  # fmt: skip
            one.add_argument('--strength', type=float, default=0.5, help='of the heat, 0 to 1')
        one.add_argument('--out', type=Path, help=f'file to write; default in {OUT}')
    add_own_options(commands.choices)
    return parser, parser.parse_args(argv)


def add_own_options(commands: dict[str, argparse.ArgumentParser]) -> None:
    for name in ('cam', 'compare'):
        commands[name].add_argument(
            '--stage', type=int, help='whose last maps are weighed; default the last'
        )
        commands[name].add_argument(
            '--category', type=int, metavar='N',
            help='class or keypoint to explain, from 0; default the answer of the net',
        )  # fmt: skip
    for name in ('stage', 'block'):
        commands['affinity'].add_argument(f'--{name}', type=int, default=1, help='default 1')
    add_attention_options(commands['attention'])
    commands['features'].add_argument(
        '--mode', choices=('pca', 'mean'), default='pca',
        help='first three principal components as colours (default), or the mean absolute value',
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
        '--axis', choices=AXES,
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
        help='pixel of the picture that attends; default the middle',
    )  # fmt: skip
    attention.add_argument(
        '--class-token', action='store_true', default=None,
        help='with --layer: it attends, in place of a pixel',
    )  # fmt: skip
    attention.add_argument('--frame', type=int, help='of the query in a clip; default the middle')
    attention.add_argument('--head', type=int, help='from 1; default the mean of all')


def check_args(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    if args.command == 'compare':
        if len(args.pairs) < 4 or len(args.pairs) % 2:
            parser.error('compare takes CONFIG CHECKPOINT twice or more, and then INPUT')
        files = [Path(word) for word in args.pairs]
        args.models = list(zip(files[::2], files[1::2], strict=True))
        if args.names and len(args.names) != len(args.models):
            parser.error(f'{len(args.models)} models need as many --names, got {len(args.names)}')
    else:
        args.models = [(args.config, args.checkpoint)]
    for config, checkpoint in args.models:
        for kind, path in (('config', config), ('checkpoint', checkpoint)):
            if not path.is_file():
                parser.error(f'{kind} {path} does not exist')
    if args.command != 'affinity':
        if not args.input.is_file():
            parser.error(f'input {args.input} does not exist')
        if args.size and min(args.size) < 32:
            parser.error('--size: height and width are at least 32 pixels')
        if not 0 <= args.strength <= 1:
            parser.error(f'--strength {args.strength} is not between 0 and 1')
    if args.out and args.out.is_dir():
        parser.error(f'--out {args.out} is a folder; name a file')
    needs_library = args.command in ('cam', 'compare')
    if needs_library and importlib.util.find_spec('pytorch_grad_cam') is None:
        parser.error(f'{args.command} needs grad-cam: pip install grad-cam')


def main(argv: Sequence[str] | None = None) -> int:
    parser, args = parse_args(argv)
    check_args(parser, args)
    warnings.filterwarnings('ignore')
    console = Console()
    try:
        with console.status(f'{args.command} …'):
            name, frames, fps = COMMANDS[args.command](args)
            path = write(args.out, OUT, name, frames, fps)
    except ValueError as error:
        parser.error(str(error))
    console.print(str(path), soft_wrap=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
