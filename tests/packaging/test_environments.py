"""Installing the wheel beside what a user has, and where nothing is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wheels import PIP, run

MINI = 'mini_mask_rcnn_uniformer_s_h14'
FORKS = {'onedl-mmengine': '0.10.12', 'onedl-mmdetection': '3.5.1', 'onedl-mmcv': '2.3.6'}
STOCK = {'mmengine', 'mmcv', 'mmcv-lite', 'mmdet'}


@pytest.fixture
def with_forks(tmp_path) -> Path:
    """The Python of an environment in which, for pip, torch and the maintained forks are."""
    run(sys.executable, '-m', 'venv', '--without-pip', str(tmp_path / 'venv'), cwd=tmp_path)
    (site,) = (tmp_path / 'venv').glob('lib/python*/site-packages')
    for name, version in {'torch': '2.14.1', **FORKS}.items():
        info = site / f'{name.replace("-", "_")}-{version}.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
        (info / 'INSTALLER').write_text('pip\n')
        (info / 'RECORD').write_text('')
    return tmp_path / 'venv' / 'bin' / 'python'


def would_install(python: Path, what: str, cwd: Path, *options: str) -> set[str]:
    """The names of what pip would install into an environment."""
    report = cwd / 'report.json'
    command = ['--python', str(python), 'install', '--dry-run', '--report', str(report), *options]
    run(*PIP, *command, what, cwd=cwd)
    return {item['metadata']['name'].lower() for item in json.loads(report.read_text())['install']}


def test_beside_the_forks_the_wheel_installs_itself_alone(wheel, with_forks, tmp_path):
    # --no-index: whatever else it wanted could not be found, and pip would fail.
    assert would_install(with_forks, str(wheel), tmp_path, '--no-index') == {'mmuniformer'}


def test_without_mmengine_the_error_names_both_that_provide_it(tmp_path):
    code = "import sys; sys.modules['mmengine'] = None; import mmuniformer"
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    assert 'ImportError' in done.stderr
    assert 'mmengine' in done.stderr and 'onedl-mmengine' in done.stderr


@pytest.mark.slow
def test_in_a_bare_environment_the_extra_gives_a_working_train_command(wheel, tmp_path):
    python = newest_python()
    run(python, '-m', 'venv', str(tmp_path / 'venv'), cwd=tmp_path)
    folder = tmp_path / 'venv' / 'bin'
    run(str(folder / 'pip'), 'install', f'{wheel}[det]', cwd=tmp_path)
    data = ('make-mini-data', 'coco', '--train', '4', '--val', '2')
    run(str(folder / 'mmuniformer'), *data, cwd=tmp_path)
    options = [
        'train_cfg.max_epochs=1',
        'train_cfg.val_interval=1',
        'train_dataloader.batch_size=2',
    ]
    out = run(str(folder / 'mmuniformer'), 'train', MINI, '--cfg-options', *options, cwd=tmp_path)
    assert 'coco/segm_mAP_50' in out
    assert (tmp_path / 'work_dirs' / MINI / 'epoch_1.pth').is_file()
    checkpoint = f'work_dirs/{MINI}/epoch_1.pth'
    out = run(str(folder / 'mmuniformer'), 'test', MINI, checkpoint, cwd=tmp_path)
    assert 'coco/bbox_mAP_50' in out
    shutil.rmtree(tmp_path / 'venv')


def newest_python() -> str:
    """The newest supported Python that runs here."""
    for name in ('python3.13', 'python3.12', sys.executable):
        python = shutil.which(name)
        if python and not subprocess.run([python, '-c', ''], capture_output=True).returncode:
            return python
    raise AssertionError('not even the Python of this test runs')
