"""Test a config with the Runner of its toolbox, if checkpoint and data exist."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.hooks.test_time_aug_hook import build_runner_with_tta
from mmengine.runner import Runner
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ...doctor.config import data_paths, fault_of_data
from ...weights.load import load
from ..predict.models import WHOLE_MODEL
from ..runner import build_runner, set_mmpretrain_dataloaders

# Our name of a metric → the Runner's name, and the factor to percent.
METRICS = {
    'box_AP': ('coco/bbox_mAP', 100),
    'box_AP50': ('coco/bbox_mAP_50', 100),
    'box_AP75': ('coco/bbox_mAP_75', 100),
    'mask_AP': ('coco/segm_mAP', 100),
    'mask_AP50': ('coco/segm_mAP_50', 100),
    'mask_AP75': ('coco/segm_mAP_75', 100),
    'mIoU': ('mIoU', 1),
    'AP': ('coco/AP', 100),
    'AP50': ('coco/AP .5', 100),
    'AP75': ('coco/AP .75', 100),
    'AP_M': ('coco/AP (M)', 100),
    'AP_L': ('coco/AP (L)', 100),
    'AR': ('coco/AR', 100),
}
MULTI_SCALE = 'ms_'  # prefix of metrics of multi-scale tests


class ShowProgress(Hook):
    """Updates a progress bar after every batch of a test."""

    def __init__(self, title: str):
        # Standard output is discarded.
        self.progress = Progress(
            TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(), console=Console(stderr=True), redirect_stdout=False,
        )  # fmt: skip
        self.title = title

    def before_test_epoch(self, runner: Runner) -> None:
        self.task = self.progress.add_task(self.title, total=len(runner.test_dataloader))

    def after_test_iter(self, runner: Runner, *args, **kwargs) -> None:
        self.progress.advance(self.task)


def find_checkpoint(folder: Path | None, config: str) -> Path | None:
    """Find ``NAME.pth``, or the best or otherwise the last checkpoint in the folder ``NAME``.

    Configs that differ in testing only, such as ``NAME_test_w32``, use the checkpoint of ``NAME``.
    """
    if folder is None:
        return None
    for name in dict.fromkeys((config, config.partition('_test_')[0])):
        best = sorted((folder / name).glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
        places = [folder / f'{name}.pth', *best[::-1], *_find_last(folder / name)]
        found = next((path for path in places if path.is_file()), None)
        if found is not None:
            return found
    return None


def _find_last(folder: Path) -> list[Path]:
    """Return the checkpoint named in ``last_checkpoint``, also if the folder was moved."""
    note = folder / 'last_checkpoint'
    if not note.is_file():
        return []
    path = Path(note.read_text(encoding='utf-8').strip())
    return [path, folder / path.name]


def find_missing_data(config: Config) -> str | None:
    """Describe the first missing folder or file of the test set; None if all exist."""
    sections = {name: config.get(name) for name in ('test_dataloader', 'test_evaluator')}
    for path in data_paths(Config(sections).to_dict()):
        fault = fault_of_data(Path(path))
        if fault is not None:
            return f'{path} {fault}'
    return None


def make_checkpoint_key(path: Path) -> dict:
    stat = path.stat()
    return {'checkpoint': path.name, 'size': stat.st_size, 'mtime_ns': stat.st_mtime_ns}


def run_test(config: Config, checkpoint: Path, work_dir: Path, title: str, tta: bool) -> dict:
    """Return the metrics of ``Runner.test``, with the Runner's names.

    Raises:
        CheckpointError: the checkpoint lacks parameters of the model.
    """
    config = config.copy()
    config.update(load_from=str(checkpoint), resume=False, launcher='none', work_dir=str(work_dir))
    if config.get('default_scope') == 'mmpretrain':
        set_mmpretrain_dataloaders(config)
    bar = ShowProgress(title)
    # The output of a Runner is also in its log file.
    with open(os.devnull, 'w') as nothing, redirect_stdout(nothing), bar.progress:
        runner = build_runner_with_tta(config) if tta else build_runner(config)
        # The Runner would leave missing tensors random.
        load(runner.model, checkpoint, WHOLE_MODEL)
        runner.register_hook(bar)
        return {name: float(value) for name, value in runner.test().items()}


def find_metric(measured: Mapping[str, float], metric: str) -> float | None:
    """Return one of METRICS in percent, or None if it was not measured."""
    name, factor = METRICS[metric.removeprefix(MULTI_SCALE)]
    value = measured.get(name)
    return None if value is None else value * factor
