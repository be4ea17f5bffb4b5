"""The arguments that training and testing share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from ..apis.configs import find_config
from ..apis.runner import set_mmpretrain_dataloaders
from .arguments import add_config


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction,
        help='settings to override, as key=value; lists as key="[a,b]" without spaces',
    )  # fmt: skip
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    # torch.distributed.launch passes one or the other, depending on its version.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def load_config(args: argparse.Namespace) -> Config:
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    args.config = str(find_config(args.config))
    cfg = Config.fromfile(args.config)
    cfg.launcher = args.launcher
    if cfg.get('default_scope') == 'mmpretrain':
        set_mmpretrain_dataloaders(cfg)
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    return cfg
