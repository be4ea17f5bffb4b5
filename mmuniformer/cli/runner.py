"""The arguments that training and testing share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from ..apis.configs import find_config
from ..apis.runner import set_mmpretrain_dataloaders


def make_runner_parser(name: str, description: str, example: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f'mmuniformer {name}',
        description=description,
        epilog=f'example:\n  mmuniformer {name} {example}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config file, or the name of one that mmuniformer brings')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings to override, as key=value; lists as key="[a,b]" without spaces',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    # torch.distributed.launch passes one or the other, depending on its version.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser


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
