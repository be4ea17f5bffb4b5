"""What Python reads when it starts: toolboxes without operators get the plugin before they load."""

import _ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import forks
import pytest

ROOT = Path(__file__).resolve().parents[2]
# A plugin that imports mmcv, as ours does when mmaction2 is there.
PLUGIN = 'print("plugin")\nimport mmcv\n'


@pytest.fixture
def fakes(tmp_path) -> Path:
    """Packages in place of mmengine, mmcv, mmdet and the plugin, which say that they are run."""
    sources = {'mmuniformer': PLUGIN, 'mmdet': 'import mmcv\nprint("mmdet")\n', 'mmengine': ''}
    for name, source in {**sources, 'mmcv': 'print("mmcv")\n'}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / '__init__.py').write_text(source)
    (tmp_path / 'mmcv' / 'cnn.py').write_text('value = 7\n')
    return tmp_path


def said(folder: Path, code: str, **environment: str) -> list[str]:
    path = os.pathsep.join([str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, '-S', '-c', f'import _mmuniformer\n{code}'],
        env={**os.environ, 'PYTHONPATH': path, **environment},
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_first_toolbox_imports_the_plugin_before_itself(fakes):
    assert said(fakes, 'import mmdet') == ['plugin', 'mmcv', 'mmdet']


def test_a_module_that_the_plugin_has_imported_is_not_run_again(fakes):
    code = (
        'import mmcv, mmcv.cnn, sys\n'
        'print(mmcv.cnn.value, mmcv is sys.modules["mmcv"], mmcv.__spec__.origin.endswith("py"))'
    )
    assert said(fakes, code) == ['plugin', 'mmcv', '7', 'True', 'True']


def test_looking_for_a_toolbox_finds_where_it_is(fakes):
    code = (
        'import importlib.util\nspec = importlib.util.find_spec("mmcv")\n'
        'import mmcv\nprint(spec.origin == mmcv.__file__ == mmcv.__spec__.origin)'
    )
    assert said(fakes, code) == ['plugin', 'mmcv', 'True']


def test_with_compiled_operators_without_mmengine_and_switched_off_nothing_happens(fakes):
    assert said(fakes, 'import mmdet', MMUNIFORMER_PATCHES='0') == ['mmcv', 'mmdet']
    (fakes / 'mmcv' / '_ext.so').write_bytes(b'compiled')
    assert said(fakes, 'import mmdet') == ['mmcv', 'mmdet']
    (fakes / 'mmcv' / '_ext.so').unlink()
    shutil.rmtree(fakes / 'mmengine')
    assert said(fakes, 'import mmdet') == ['mmcv', 'mmdet']


@pytest.mark.parametrize(
    ('library', 'expected'),
    [
        (b'of another torch', ['mmcv', 'mmdet', 'plugin', 'failed']),
        # Any library serves: it loads, and has no function that makes a module of this name.
        (Path(_ctypes.__file__).read_bytes(), ['mmcv', 'mmdet', 'failed']),
    ],
    ids=['do not load', 'load'],
)
def test_only_operators_that_do_not_load_bring_the_plugin_before_they_fail(
    library, expected, fakes
):
    (fakes / 'mmcv' / '_ext.so').write_bytes(library)
    code = 'import mmdet\ntry:\n    import mmcv._ext\nexcept ImportError:\n    print("failed")'
    assert said(fakes, code) == expected


def test_starting_python_imports_neither_torch_nor_the_plugin(fakes):
    code = 'import sys; print([name for name in ("torch", "mmuniformer") if name in sys.modules])'
    assert said(fakes, code) == ['[]']


def test_scripts_that_import_the_operators_before_a_config_run(tmp_path):
    pytest.importorskip('mmdet')
    code = 'import mmdet.evaluation; print("imported")'
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ['imported'], done.stderr[-2000:]


@pytest.mark.skipif(forks.has_forks(), reason='mim does not find the forks')
@pytest.mark.parametrize('command', ['train', 'test'])
def test_mim_submits_the_documented_job_to_slurm(command, tmp_path):
    """click 8.3.1 and later end mim with ``'Sentinel' object has no attribute 'split'``."""
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\nfor word in "$@"; do echo "srun: $word"; done\n')
    srun.chmod(0o755)
    page = (ROOT / 'docs' / 'training_at_scale.md').read_text(encoding='utf-8')
    documented = re.search(r'mim train (.*--gpus 64.*\\\n.*)', page)[1].replace('\\\n', ' ').split()
    if command == 'test':
        documented[-1:] = ['--checkpoint', 'best.pth']
    done = subprocess.run(
        [sys.executable, '-m', 'mim', command, *documented],
        env={**os.environ, 'PATH': f'{tmp_path}{os.pathsep}{os.environ["PATH"]}'},
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    words = [line[6:] for line in done.stdout.splitlines() if line.startswith('srun: ')]
    config = 'configs/det/mask_rcnn_uniformer_s_h14_1x.py'
    script = words.pop(words.index(config) - 1)
    assert Path(script).parts[-4:] == ('mmdet', '.mim', 'tools', f'{command}.py')
    assert words == [
        '-p', 'PARTITION', '--gres=gpu:8', '--ntasks=64', '--ntasks-per-node=8',
        '--cpus-per-task=2', '--kill-on-bad-exit=1',
        f'--job-name=mask_rcnn_uniformer_s_h14_1x_{command}', sys.executable, '-u', config,
        *(['--launcher', 'slurm', '--auto-scale-lr'] if command == 'train' else
          ['best.pth', '--launcher', 'slurm']),
    ]  # fmt: skip
