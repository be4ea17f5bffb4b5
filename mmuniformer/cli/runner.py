"""The arguments that training and testing share, and a runner for a config of any toolbox."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ..apis.configs import find_config

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def make_runner_parser(description: str, example: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description,
        epilog=f'example:\n  {example}',
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


def set_mmpretrain_dataloaders(cfg: Config) -> None:
    """Fill in what mmpretrain's own scripts fill in, and no other toolbox's do."""
    for name in DATALOADERS:
        dataloader = cfg.get(name)
        if dataloader:
            dataloader.setdefault('pin_memory', True)
            dataloader.setdefault('persistent_workers', dataloader.get('num_workers', 0) > 0)
            dataloader.setdefault('collate_fn', {'type': 'default_collate'})


def build_runner(cfg: Config) -> Runner:
    return RUNNERS.build(cfg) if 'runner_type' in cfg else Runner.from_cfg(cfg)
