"""Random numbers that depend on seed and epoch only, so that resumed runs are reproducible."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Reseed Python, NumPy and torch before every epoch.

    mmengine saves the seed in a checkpoint, but not the state of the generators. After
    ``--resume`` the order of the data is the same, but flips, sampled regions and drop path
    differ, and so does the loss curve. This hook makes them the same, unless the data loader has
    persistent workers, which keep their own generators across epochs.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Runner) -> None:
        generator = np.random.SeedSequence([runner.seed, runner.epoch, get_rank()])
        seed = int(generator.generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
