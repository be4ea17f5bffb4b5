"""Random numbers are a function of seed and epoch, whatever was drawn before."""

import random
from types import SimpleNamespace

import numpy as np
import torch
from mmengine.registry import HOOKS

import mmuniformer  # noqa: F401


def draws(seed: int, epoch: int, before: int = 0) -> tuple[float, float, float]:
    for _ in range(before):
        random.random(), np.random.rand(), torch.rand(())
    HOOKS.build({'type': 'EpochSeedHook'}).before_train_epoch(
        SimpleNamespace(seed=seed, epoch=epoch)
    )
    return random.random(), float(np.random.rand()), torch.rand(()).item()


def test_an_epoch_draws_the_same_numbers_however_many_were_drawn_before():
    assert draws(0, 3) == draws(0, 3, before=5)


def test_seeds_and_epochs_draw_different_numbers():
    drawn = [draws(seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(drawn)) == 4
