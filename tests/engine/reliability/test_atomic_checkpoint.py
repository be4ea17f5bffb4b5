"""On a full disk or a read-only one good checkpoints stay, and the error says what happened."""

import errno
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner, find_latest_checkpoint
from torch import Tensor, nn

import mmuniformer  # noqa: F401
from mmuniformer.engine.reliability.atomic_checkpoint import AtomicBackend

SIDE = 300  # of a weight: a checkpoint has 360 kB
EPOCHS = 3
LONGEST = 100_000


class Toy(BaseModel):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(SIDE, SIDE)

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> dict[str, Tensor] | list:
        return {'loss': self.layer(inputs).square().mean()} if mode == 'loss' else [inputs]


class Scores(BaseMetric):
    """Better in every epoch but the last."""

    def __init__(self):
        super().__init__(prefix='toy')
        self.values = iter([0.1, 0.2, 0.15])

    def process(self, data_batch: object, data_samples: object) -> None:
        self.results.append(0)

    def compute_metrics(self, results: list) -> dict[str, float]:
        return {'score': next(self.values)}


class From(Hook):
    """Do something at the beginning of an epoch, counted from 1."""

    def __init__(self, epoch: int, action):
        self.epoch, self.action = epoch, action

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch + 1 == self.epoch:
            self.action()


def runner_of(
    folder: Path, hooks: tuple = (), hook_type='AtomicCheckpointHook', **options
) -> Runner:
    loader = {
        'dataset': [torch.ones(SIDE)] * 4,
        'batch_size': 2,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'collate_fn': lambda items: {'inputs': torch.stack(items)},
    }
    checkpoint = {
        'type': hook_type,
        'interval': 1,
        'max_keep_ckpts': 1,
        'save_best': 'toy/score',
        'rule': 'greater',
    }
    return Runner(
        Toy(),
        work_dir=str(folder),
        experiment_name=os.urandom(8).hex(),
        default_hooks={'checkpoint': {**checkpoint, **options}},
        custom_hooks=list(hooks),
        train_dataloader=loader,
        train_cfg={'by_epoch': True, 'max_epochs': EPOCHS},
        val_dataloader=loader,
        val_cfg={},
        val_evaluator=[Scores()],
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1}},
        default_scope='mmengine',
    )


def files(folder: Path) -> dict[str, str]:
    """Names and hashes of all but the config and the logs."""
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file() and path.suffix != '.py'
    }


def weights(path: Path) -> Tensor:
    return torch.load(path, weights_only=True)['state_dict']['layer.weight']


@pytest.fixture
def cut_files() -> Iterator[Callable[[], None]]:
    """From the call on a file ends at a third of a checkpoint, and writing fails there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LONGEST, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of a megabyte, where one may mount it."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(folder)]
    try:
        done = subprocess.run(command, capture_output=True)
    except FileNotFoundError:
        pytest.skip('there is no mount')
    if done.returncode:
        pytest.skip('mounting is not allowed here')
    yield folder
    subprocess.run(['umount', '--lazy', str(folder)], check=True)


def test_an_undisturbed_run_leaves_what_mmengines_hook_leaves(tmp_path):
    for hook_type in ('AtomicCheckpointHook', 'CheckpointHook'):
        runner_of(tmp_path / hook_type, hook_type=hook_type).train()
    ours, theirs = (
        tmp_path / hook_type for hook_type in ('AtomicCheckpointHook', 'CheckpointHook')
    )
    names = {'epoch_3.pth', 'best_toy_score_epoch_2.pth', 'last_checkpoint'}
    assert set(files(ours)) == set(files(theirs)) == names
    for name in names - {'last_checkpoint'}:
        assert torch.equal(weights(ours / name), weights(theirs / name))
    assert (ours / 'last_checkpoint').read_text() == str(ours / 'epoch_3.pth')
    resumed = runner_of(ours)
    resumed.resume(str(ours / 'epoch_3.pth'))
    assert resumed.message_hub.get_info('keep_ckpt_ids') == [3]
    assert resumed.message_hub.get_info('best_ckpt') == str(ours / 'best_toy_score_epoch_2.pth')


def test_several_checkpoints_are_kept_as_many_as_asked_for(tmp_path):
    runner_of(tmp_path / 'run', max_keep_ckpts=2, save_best=None).train()
    assert set(files(tmp_path / 'run')) == {'epoch_2.pth', 'epoch_3.pth', 'last_checkpoint'}


def test_a_write_that_breaks_off_leaves_the_last_good_checkpoint(tmp_path, cut_files):
    folder, kept = tmp_path / 'run', {}

    def fill() -> None:
        kept.update(files(folder))
        cut_files()

    with pytest.raises(OSError, match=r'epoch_2\.pth, 0\.\d MB, cannot .*too large') as error:
        runner_of(folder, [From(2, fill)]).train()
    assert error.value.errno == errno.EFBIG and '--resume' in str(error.value)
    assert files(folder) == kept
    assert set(kept) == {'epoch_1.pth', 'best_toy_score_epoch_1.pth', 'last_checkpoint'}
    assert find_latest_checkpoint(folder) == str(folder / 'epoch_1.pth')
    assert weights(folder / 'epoch_1.pth').shape == (SIDE, SIDE)


def leave_no_room_for(name: str, monkeypatch) -> None:
    put = AtomicBackend.put

    def fails(self, content, path):
        if name in str(path):
            raise OSError(errno.ENOSPC, 'no room')
        put(self, content, path)

    monkeypatch.setattr(AtomicBackend, 'put', fails)


def test_the_run_goes_on_from_there_to_the_same_end(tmp_path, monkeypatch):
    folder = tmp_path / 'run'
    leave_no_room_for('epoch_2', monkeypatch)
    with pytest.raises(OSError, match='no room'):
        runner_of(folder, save_best=None).train()
    monkeypatch.undo()
    resumed, undisturbed = runner_of(folder, save_best=None), runner_of(tmp_path / 'other')
    resumed._resume = True
    resumed.train()
    undisturbed.train()
    assert torch.equal(weights(folder / 'epoch_3.pth'), weights(tmp_path / 'other' / 'epoch_3.pth'))
    assert set(files(folder)) == {'epoch_3.pth', 'last_checkpoint'}


def test_a_full_disk_leaves_the_last_good_checkpoint(small_disk):
    folder, kept = small_disk / 'run', {}

    def fill() -> None:
        kept.update(files(folder))
        space = os.statvfs(small_disk)
        (small_disk / 'other.bin').write_bytes(bytes(space.f_bavail * space.f_frsize - 50_000))

    with pytest.raises(OSError, match=r'epoch_2\.pth.*No space left on device; 0\.\d MB are free'):
        runner_of(folder, [From(2, fill)], save_best=None).train()
    assert files(folder) == kept and set(kept) == {'epoch_1.pth', 'last_checkpoint'}
    assert weights(folder / 'epoch_1.pth').shape == (SIDE, SIDE)


def test_the_best_checkpoint_stays_until_there_is_a_better_one(tmp_path, monkeypatch):
    folder = tmp_path / 'run'
    leave_no_room_for('best_toy_score_epoch_2', monkeypatch)
    with pytest.raises(OSError, match='no room'):
        runner_of(folder).train()
    names = {'epoch_2.pth', 'best_toy_score_epoch_1.pth', 'last_checkpoint'}
    assert set(files(folder)) == names


def test_the_pointer_to_the_last_checkpoint_is_replaced_at_once(tmp_path, monkeypatch):
    folder, replace = tmp_path / 'run', os.replace

    def fails(source, target):
        if Path(target).name == 'last_checkpoint' and (folder / 'epoch_2.pth').exists():
            raise OSError(errno.EIO, 'disk error')
        replace(source, target)

    monkeypatch.setattr(os, 'replace', fails)
    with pytest.raises(OSError, match='last_checkpoint.*disk error'):
        runner_of(folder, save_best=None).train()
    assert set(files(folder)) == {'epoch_1.pth', 'epoch_2.pth', 'last_checkpoint'}
    assert find_latest_checkpoint(folder) == str(folder / 'epoch_1.pth')


def test_another_error_in_a_write_leaves_no_half_file(tmp_path, monkeypatch):
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    AtomicBackend().put(b'old', tmp_path / 'a.pth')
    monkeypatch.setattr(os, 'fsync', interrupted)
    with pytest.raises(KeyboardInterrupt):
        AtomicBackend().put(b'new', tmp_path / 'a.pth')
    assert files(tmp_path) == {'a.pth': sha256(b'old').hexdigest()}


def too_late() -> None:
    raise AssertionError('the first epoch has begun')


def test_a_work_folder_that_is_gone_is_an_error_before_the_first_epoch(tmp_path):
    runner = runner_of(tmp_path / 'run', [From(1, too_late)])
    (tmp_path / 'run').rename(tmp_path / 'moved')
    (tmp_path / 'run').write_text('')
    with pytest.raises(OSError, match=r'cannot be written to .*run: File exists; choose another'):
        runner.train()


def test_a_folder_below_a_file_is_an_error_before_the_first_epoch(tmp_path):
    (tmp_path / 'file').write_text('')
    elsewhere = str(tmp_path / 'file' / 'checkpoints')
    runner = runner_of(tmp_path / 'run', [From(1, too_late)], out_dir=elsewhere)
    with pytest.raises(OSError, match=r'cannot be written to .*file/checkpoints/run: Not a dir'):
        runner.train()


def test_a_read_only_folder_is_an_error_before_the_first_epoch(small_disk, tmp_path):
    subprocess.run(['mount', '-o', 'remount,ro', str(small_disk)], check=True)
    runner = runner_of(tmp_path / 'run', [From(1, too_late)], out_dir=str(small_disk))
    with pytest.raises(OSError, match=r'cannot be written to .*disk/run: Read-only file system'):
        runner.train()
