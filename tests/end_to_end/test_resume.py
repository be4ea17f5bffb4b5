"""Training that was killed goes on from its last checkpoint as if nothing had happened."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from forks import command_for

pytest.importorskip('mmdet')
pytest.importorskip('mim')

EPOCHS, IMAGES, BATCH = 4, 12, 2
OPTIONS = (
    '--cfg-options',
    f'train_cfg.max_epochs={EPOCHS}',
    f'train_cfg.val_interval={EPOCHS}',
    f'train_dataloader.batch_size={BATCH}',
    'default_hooks.checkpoint.interval=1',
    'default_hooks.checkpoint.max_keep_ckpts=-1',
    'default_hooks.logger.interval=1',
    'log_processor.window_size=1',
)


@pytest.fixture(scope='module')
def workspace(tmp_path_factory, python_tool) -> Path:
    folder = tmp_path_factory.mktemp('resume')
    size = ('--train', str(IMAGES), '--val', '2', '--size', '96')
    python_tool('make_mini_data.py', 'coco', *size, cwd=folder)
    return folder


@pytest.fixture(scope='module')
def command(repo_root) -> list[str]:
    config = repo_root / 'configs' / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py'
    return [*command_for('train', 'mmdet'), str(config)]


def losses(work_dir: Path) -> dict[int, float]:
    """Loss by iteration; of an iteration that was run twice, the later run."""
    found = {}
    for scalars in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in scalars.read_text().splitlines():
            entry = json.loads(line)
            if 'loss' in entry:
                found[entry['step']] = entry['loss']
    return found


def kill_after(checkpoint: str, work_dir: Path, command: list[str], **options) -> None:
    """Start the command in a process group of its own, and kill the group without warning."""
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        **options,
    )  # fmt: skip
    pointer = work_dir / 'last_checkpoint'
    deadline = time.monotonic() + 300
    try:
        while not (pointer.exists() and pointer.read_text().endswith(checkpoint)):
            assert process.poll() is None, 'training ended before the checkpoint was there'
            assert time.monotonic() < deadline, f'no {checkpoint} after five minutes'
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_killed_run_resumes_with_the_loss_curve_of_an_unbroken_one(
    workspace, command, run, user_env
):
    run(*command, '--work-dir', 'whole', *OPTIONS, cwd=workspace)
    whole = losses(workspace / 'whole')
    iterations = EPOCHS * IMAGES // BATCH
    assert sorted(whole) == list(range(1, iterations + 1))

    broken = [*command, '--work-dir', 'broken', *OPTIONS]
    kill_after('epoch_2.pth', workspace / 'broken', broken, cwd=workspace, env=user_env)
    assert not (workspace / 'broken' / f'epoch_{EPOCHS}.pth').exists()
    run(*command, '--work-dir', 'broken', '--resume', *OPTIONS, cwd=workspace)

    (resumed,) = sorted((workspace / 'broken').glob('*/vis_data/scalars.json'))[1:]
    first = json.loads(resumed.read_text().splitlines()[0])
    assert first['step'] == iterations // 2 + 1
    assert losses(workspace / 'broken') == pytest.approx(whole, rel=1e-3)
