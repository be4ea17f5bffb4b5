"""Serve a page on which images and videos are uploaded and a model shows what it finds.

The page is at http://127.0.0.1:7860 and needs the package gradio. It offers the models given, and
builds each when it is first chosen. What is found and drawn is what mmuniformer demo finds and
draws.

examples:
  mmuniformer web --model det mask_rcnn_uniformer_s_h14_1x CHECKPOINT.pth
  mmuniformer web --model det CONFIG CHECKPOINT.pth --model video CONFIG CHECKPOINT.pth
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..apis.configs import find_config, load_config
from ..apis.model import find_checkpoint
from ..apis.toolbox import find_toolbox
from ..apis.web import Models, make_page
from .arguments import add_device, new_parser
from .demo import TASKS


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('web', __doc__)
    parser.add_argument(
        '--model', nargs=3, action='append', required=True,
        metavar=('TASK', 'CONFIG', 'CHECKPOINT'), help='one to offer; may be given several times',
    )  # fmt: skip
    add_device(parser)
    parser.add_argument('--host', default='127.0.0.1', help='0.0.0.0 lets other machines in')
    parser.add_argument('--port', type=int, default=7860)
    return parser


def name_models(models: Sequence[Sequence[str]]) -> Models:
    """Return the configs and checkpoints by the names that the page shows.

    Raises:
        FileNotFoundError: a config or checkpoint does not exist.
        ValueError: a task is unknown, or not that of the config.
    """
    named = {}
    for task, config, checkpoint in models:
        if task not in TASKS:
            raise ValueError(f'task {task} is none of {", ".join(TASKS)}')
        found = find_toolbox(load_config(config))
        if found.task != task:
            raise ValueError(f'{config} is a config of {found.scope}, whose task is {found.task}')
        name = f'{task}: {Path(config).stem}, {checkpoint}'
        named[name] = (find_config(config), find_checkpoint(checkpoint))
    return named


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    models = name_models(args.model)
    with tempfile.TemporaryDirectory() as folder:
        page = make_page(models, args.device, Path(folder))
        page.launch(server_name=args.host, server_port=args.port, allowed_paths=[folder])
