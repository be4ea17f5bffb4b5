"""Training a mini config as a user does: draw its data, ``mim train``, ``mim test``."""

import json
from collections.abc import Callable
from pathlib import Path


def train_and_test(mim: Callable, toolbox: str, config: Path, workspace: Path, *options) -> dict:
    """Train ``config`` in ``workspace``, test its last checkpoint; give the metrics."""
    work = workspace / 'work' / config.stem
    mim('train', toolbox, config, '--work-dir', work, *options, cwd=workspace)
    return metrics_of(mim, toolbox, config, workspace, checkpoint_of(workspace, config))


def checkpoint_of(workspace: Path, config: Path) -> Path:
    return Path((workspace / 'work' / config.stem / 'last_checkpoint').read_text())


def metrics_of(mim: Callable, toolbox: str, config: Path, workspace: Path, checkpoint) -> dict:
    folder = workspace / 'test' / config.stem
    mim(
        'test', toolbox, config, '--checkpoint', checkpoint, '--work-dir', folder, cwd=workspace
    )  # fmt: skip
    (result,) = folder.glob('*/*.json')
    return json.loads(result.read_text())
