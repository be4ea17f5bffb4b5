"""Training killed again and again ends in the weights of an undisturbed one, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from forks import has_forks

import mmuniformer  # noqa: F401

pytest.importorskip('mmpretrain')
pytest.importorskip('mim')

import forked_training

ROOT = Path(__file__).resolve().parents[2]
IMAGES, BATCH = 24, 8
ITERATIONS = IMAGES // BATCH  # of an epoch
# All that draws random numbers or keeps a state: crops, flips, colors, mixed images, dropped
# paths and units, moving averages, warm-up and cosine, and a best checkpoint beside the last.
CONFIG = """
_base_ = '{config}'
custom_imports = dict(imports=['mmuniformer', 'die_in_write'], allow_failed_imports=False)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4)
part, whole = dict(_base_.part, scale=32), dict(_base_.whole, scale=(32, 32))
training = [_base_.load, part, _base_.flip, jitter, _base_.erase, _base_.pack]
train_dataloader = dict(batch_size={batch}, dataset=dict(pipeline=training))
val_dataloader = dict(dataset=dict(pipeline=[_base_.load, whole, _base_.pack]))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(
        arch=dict(depths=(1, 1, 2, 1), dims=(8, 16, 24, 32), head_dim=8),
        drop_path_rate=0.3, drop_rate=0.1),
    head=dict(in_channels=32),
    train_cfg=dict(
        _delete_=True,
        augments=[dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)]))
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='EMAHook', momentum=0.1),
]
default_hooks = dict(
    checkpoint=dict(type='AtomicCheckpointHook', interval=1, max_keep_ckpts=1),
    logger=dict(interval=1))
train_cfg = dict(max_epochs={epochs}, val_interval=2)
"""
KILLED = 'died with <Signals.SIGKILL'
PARTS = ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')


@dataclass(frozen=True)
class Kill:
    """When SIGKILL comes: some time after start or iteration, or half way in a write."""

    seconds: float = 0.0
    iterations: int = 0  # since the start
    write: str = ''  # as DIE_IN_WRITE has it


def draw_kills(seed: int, *, start_up: int, training: int, writes: int, pointers: int) -> list:
    draw = random.Random(seed)
    kills = [Kill(seconds=draw.uniform(0, 8)) for _ in range(start_up)]
    for _ in range(training):
        iterations = draw.randint(1, 2 * ITERATIONS)
        kills.append(Kill(seconds=draw.uniform(0, 0.3), iterations=iterations))
    kills += [Kill(write=f'pth:{draw.randint(1, 3)}') for _ in range(writes)]
    kills += [Kill(write=f'last_checkpoint:{draw.randint(1, 2)}') for _ in range(pointers)]
    draw.shuffle(kills)
    return kills


class Mim:
    """``mim train`` in a group of processes of its own."""

    def __init__(self, arguments: list[str], folder: Path, env: dict[str, str], log: Path) -> None:
        mim = Path(sys.executable).with_name('mim')
        self.log = log
        with log.open('w') as output:
            self.process = subprocess.Popen(
                [mim, 'train', 'mmpretrain', *arguments], cwd=folder, env={**os.environ, **env},
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    @property
    def exitcode(self) -> int | None:
        code = self.process.poll()
        # What mim started was killed, mim was not.
        return -signal.SIGKILL if code == 1 and KILLED in self.log.read_text() else code

    def join(self, timeout: float | None = None) -> None:
        self.process.wait(timeout)

    def kill(self) -> None:
        if self.exitcode is None:
            os.killpg(self.process.pid, signal.SIGKILL)


class Training:
    """A training of ``epochs`` epochs in ``folder``, which ``start`` starts."""

    def __init__(self, folder: Path, start: Callable, epochs: int, env: dict[str, str]) -> None:
        config = ROOT / 'configs' / 'cls' / 'mini_uniformer_s_in1k.py'
        self.folder, self.start, self.epochs = folder, start, epochs
        self.config = folder / 'kills.py'
        self.config.write_text(CONFIG.format(config=config, batch=BATCH, epochs=epochs))
        path = os.pathsep.join([env['PYTHONPATH'], str(ROOT / 'tests' / 'support')])
        self.env = {**env, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'}

    def run(self, name: str, kill: Kill | None = None) -> None:
        """Go on in the work folder ``name``, to the end or to ``kill``."""
        env = {**self.env, 'DIE_IN_WRITE': kill.write if kill else ''}
        arguments = [str(self.config), '--resume', '--work-dir', name]
        before, log = self.logs(name), self.folder / f'{name}.log'
        process = self.start(arguments, self.folder, env, log)
        try:
            if kill and not kill.write:
                while kill.iterations > self.iterations(self.logs(name) - before):
                    assert process.exitcode is None, log.read_text()[-3000:]
                    time.sleep(0.02)
                time.sleep(kill.seconds)
                assert process.exitcode is None, log.read_text()[-3000:]
            else:
                process.join(900)
        finally:
            process.kill()
            process.join()
        expected = -signal.SIGKILL if kill else 0
        assert process.exitcode == expected, f'{kill}\n{log.read_text()[-3000:]}'

    def logs(self, name: str) -> set[Path]:
        return set((self.folder / name).glob('2*/vis_data/scalars.json'))

    @staticmethod
    def iterations(logs: set[Path]) -> int:
        return sum(path.read_text().count('"loss"') for path in logs)

    def last(self, name: str) -> dict:
        path = self.folder / name / f'epoch_{self.epochs}.pth'
        assert (self.folder / name / 'last_checkpoint').read_text().endswith(path.name)
        return torch.load(path, weights_only=True)


def differences(one: object, other: object, name: str) -> list[str]:
    """Names of the leaves that differ in any bit."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [line for key in one for line in differences(one[key], other[key], f'{name}.{key}')]
    if isinstance(one, list | tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for i, pair in pairs for line in differences(*pair, f'{name}.{i}')]
    if isinstance(one, torch.Tensor):
        return [] if torch.equal(one, other) else [name]
    return [] if one == other else [f'{name}: {one} and {other}']


def check_that_kills_leave_no_trace(training: Training, kills: list[Kill]) -> None:
    training.run('whole')
    for kill in kills:
        training.run('killed', kill)
        assert not (training.folder / 'killed' / f'epoch_{training.epochs}.pth').exists()
    training.run('killed')
    whole, killed = training.last('whole'), training.last('killed')
    for checkpoint in (whole, killed):
        assert checkpoint['meta']['iter'] == training.epochs * ITERATIONS
    for part in PARTS:
        assert differences(whole[part], killed[part], part) == []
    # The comparison sees something: weights and their averages are not the same.
    assert differences(whole['state_dict'], whole['ema_state_dict'], '') != []


@pytest.fixture
def workspace(tmp_path, python_tool) -> Path:
    size = ('--train', str(IMAGES), '--val', '6')
    python_tool('make_mini_data.py', 'imagenet', *size, cwd=tmp_path)
    return tmp_path


def test_three_kills_leave_no_trace(workspace, user_env):
    kills = draw_kills(0, start_up=0, training=1, writes=1, pointers=1)
    training = Training(workspace, forked_training.start, 5, user_env)
    check_that_kills_leave_no_trace(training, kills)


@pytest.mark.slow
@pytest.mark.skipif(has_forks(), reason='mim does not find the forks')
def test_twenty_kills_through_mim_leave_no_trace(workspace, user_env):
    kills = draw_kills(1, start_up=4, training=8, writes=5, pointers=3)
    check_that_kills_leave_no_trace(Training(workspace, Mim, 40, user_env), kills)
