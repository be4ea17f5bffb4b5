"""Random numbers that depend on the seed and the epoch alone, so that resuming changes nothing."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed Python, NumPy and torch anew before every epoch.

    A checkpoint of mmengine holds the seed and not the state of the generators. The order of the
    data survives ``--resume``; flips, sampled regions and dropped paths do not, and the loss curve
    is another one. With this hook it is the same, provided that the data loader has no persistent
    workers, which carry generators of their own from epoch to epoch.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Runner) -> None:
        generator = np.random.SeedSequence([runner.seed, runner.epoch, get_rank()])
        seed = int(generator.generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
