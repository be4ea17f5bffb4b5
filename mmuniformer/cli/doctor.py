"""Report what is installed, which known faults it has and the command that fixes each.

With a config, also check the data, annotations and checkpoints that it names.

The exit status is 1 if detection cannot run here or if a file of the config is missing.

examples:
  mmuniformer doctor
  mmuniformer doctor mask_rcnn_uniformer_s_h14_1x
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..doctor.config import check_config
from ..doctor.environment import check_environment
from .arguments import new_parser


def make_parser() -> argparse.ArgumentParser:
    parser = new_parser('doctor', __doc__)
    parser.add_argument('config', nargs='?', help='config file, or the name of one of mmuniformer')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    args = make_parser().parse_args(argv)
    status = check_environment()
    return max(status, check_config(args.config)) if args.config else status
