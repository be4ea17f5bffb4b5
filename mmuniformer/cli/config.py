"""Print the whole config as it is used, with what it inherits and what its functions return.

A comment after a value names the file that sets it: the config, one of the files that it inherits,
or --cfg-options. What a function of mmuniformer.recipes returns comes from the config that calls
it.

examples:
  mmuniformer config uniformer_s_16x4_k400
  mmuniformer config mask_rcnn_uniformer_s_h14_1x --cfg-options train_dataloader.batch_size=4
  mmuniformer config uniformer_s_16x4_k400 --dump uniformer_s_16x4_k400_whole.py
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config, DictAction
from rich.console import Console
from rich.syntax import Syntax

from ..apis.config_sources import describe_config, dump_config, read_layers
from .arguments import add_config, new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('config', __doc__)
    add_config(parser)
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings to override, as key=value; lists as key="[a,b]" without spaces',
    )
    parser.add_argument(
        '--dump',
        type=Path,
        metavar='FILE',
        help='write the config, without comments, to a new .py file instead',
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    layer = read_layers(args.config, args.cfg_options)
    if args.dump:
        dump_config(Config(dict(layer.values)), args.dump)
        print(f'{args.dump} written')
        return
    text = describe_config(layer)
    if sys.stdout.isatty():
        code = Syntax(
            text.rstrip(), 'python', theme='ansi_dark', background_color='default', word_wrap=True
        )
        Console().print(code)
    else:
        print(text, end='')
