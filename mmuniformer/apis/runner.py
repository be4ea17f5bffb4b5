"""Runners for the configs of any toolbox."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def set_mmpretrain_dataloaders(cfg: Config) -> None:
    """Set the defaults of dataloaders that only mmpretrain's own scripts set."""
    for name in DATALOADERS:
        dataloader = cfg.get(name)
        if dataloader:
            dataloader.setdefault('pin_memory', True)
            dataloader.setdefault('persistent_workers', dataloader.get('num_workers', 0) > 0)
            dataloader.setdefault('collate_fn', {'type': 'default_collate'})


def build_runner(cfg: Config) -> Runner:
    return RUNNERS.build(cfg) if 'runner_type' in cfg else Runner.from_cfg(cfg)
