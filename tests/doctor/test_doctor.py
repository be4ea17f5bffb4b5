"""The doctor: what it finds, what it recognizes, and what it says about a config."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mmuniformer
from mmuniformer.doctor import config, environment
from mmuniformer.doctor.facts import MAIN_JOB, Facts, release
from mmuniformer.doctor.faults import FAULTS, IMPORT_US

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ('version', 'numbers'),
    [('2.11.0+cu130', (2, 11, 0)), ('1.0rc4', (1, 0)), ('80.10.2', (80, 10, 2)), ('unknown', ())],
)
def test_release_reads_the_numbers_of_a_version(version, numbers):
    assert release(version) == numbers


@pytest.mark.parametrize(
    ('stack', 'known'),
    [
        ('compiled', {'torch': '2.11.0', 'mmcv': '2.1.0', 'numpy': '1.26.4'}),
        ('today', {'torch': '2.14.1', 'mmcv-lite': '2.1.0', 'mmdet': '3.3.0'}),
        ('onedl', {'torch': '2.14.1', 'onedl-mmdetection': '3.5.1', 'onedl-mmengine': '0.10.12'}),
    ],
)
def test_a_stack_has_no_fault_that_versions_tell_and_the_plugin_does_not_repair(stack, known):
    tested = environment.tested_versions(stack)
    pins = {part: spec[2:] for part, spec in tested.items() if spec.startswith('==')}
    assert {part: pins[part] for part in known} == known
    facts = Facts(versions=pins)
    faults = [fault for fault in FAULTS if fault.present(facts)]
    assert [fault.name for fault in faults if not fault.repaired] == []


@pytest.mark.parametrize(
    ('marker', 'version', 'is_true'),
    [
        ('', (3, 10), True),
        (" python_version >= '3.11'", (3, 10), False),
        (" python_version >= '3.11'", (3, 13), True),
        (" python_version == '3.11'", (3, 12), False),
        (" python_version < '3.11'", (3, 9), True),
    ],
)
def test_a_pin_for_another_python_is_not_compared(monkeypatch, marker, version, is_true):
    monkeypatch.setattr(environment.sys, 'version_info', (*version, 1))
    assert environment.holds(marker) is is_true


@pytest.mark.parametrize(
    ('distributions', 'said', 'stack'),
    [
        ({'mmcv': 'mmcv'}, 'compiled', 'compiled'),
        ({'mmcv': 'mmcv-lite'}, 'served', 'today'),
        ({'mmcv': 'mmcv-lite', 'mmengine': 'onedl-mmengine'}, 'served', 'onedl'),
    ],
)
def test_the_stack_is_known_by_its_operators_and_forks(distributions, said, stack):
    facts = Facts(
        versions={'mmcv': '2.1.0'}, distributions=distributions, import_output={'mmcv': said}
    )
    assert (facts.operators, facts.stack) == (said, stack)


def test_the_advice_on_operators_is_one_that_works_on_this_python_and_torch(tmp_path):
    (tmp_path / '_ext.cpython-311-x86_64-linux-gnu.so').write_bytes(b'of another torch')
    fault = next(f for f in FAULTS if 'belong to another torch' in f.name)
    facts = Facts(
        versions={'mmcv': '2.1.0', 'torch': '2.11.0'}, folders={'mmcv': tmp_path},
        import_output={'mmcv': 'served'}, python=(3, 11),
    )  # fmt: skip
    assert fault.present(facts)
    assert '--no-binary mmcv' in fault.advice(facts)
    newer = dataclasses.replace(facts, python=(3, 13))
    newest = dataclasses.replace(facts, versions={'mmcv': '2.1.0', 'torch': '2.14.1'})
    for facts in (newer, newest):
        assert '--no-binary' not in fault.advice(facts)
        assert "pip install --no-deps 'mmcv-lite==2.1.0'" in fault.advice(facts)


def test_a_stock_package_over_a_fork_is_named_with_the_commands():
    facts = Facts(owners={'mmengine': ('mmengine', 'onedl-mmengine'), 'mmcv': ('mmcv-lite',)})
    (fault,) = [fault for fault in FAULTS if fault.present(facts)]
    assert fault.advice(facts).startswith(
        'pip uninstall -y mmengine onedl-mmengine; pip install --no-deps onedl-mmengine'
    )


def having(versions: str) -> Facts:
    """Facts of packages, given as ``NAME VERSION, NAME VERSION``."""
    return Facts(versions=dict(pair.split() for pair in versions.split(', ')))


def failing(part: str, output: str) -> Facts:
    """Facts of an import that fails, on the only Python for which operators are advised."""
    return Facts(failed_imports=frozenset({part}), import_output={part: output}, python=(3, 11))


@pytest.mark.parametrize(
    ('facts', 'word', 'command'),
    [
        (having('setuptools 82.0, openmim 0.3.8'), 'pkg_resources', "'setuptools<81'"),
        (having('openmim 0.3.9'), 'openxlab', "'openmim==0.3.8'"),
        (having('numpy 2.4.0, mmaction2 1.2.0, decord 0.6.0'), 'NumPy removed', IMPORT_US),
        (having('mmpose 1.3.2'), 'xtcocotools', IMPORT_US),
        (having('numpy 2.2.0, mmcv 2.1.0'), 'hue', IMPORT_US),
        (having('numpy 2.4.0, mmpose 1.3.2, xtcocotools 1.14.3'), 'keypoint radius', IMPORT_US),
        (having('mmaction2 1.2.0'), 'decord', 'pip install av'),
        (having('opencv 4.12.0, numpy 1.26.4'), 'OpenCV', 'opencv-python<4.12'),
        (having('mmaction2 1.1.0, mmcv 2.1.0, decord 1'), 'before 1.2', 'mmaction2==1.2.0'),
        (having('moviepy 2.1, mmaction2 1.2.0, decord 1'), 'moviepy', 'moviepy<2'),
        (having('mmpretrain 1.2.0, transformers 4.52.1'), 'multimodal', IMPORT_US),
        (having('mmaction2 1.2.0, transformers 5.23.0, decord 1'), 'multimodal', IMPORT_US),
        (
            failing('mmcv', 'ImportError: mmcv/_ext.so: undefined symbol: _ZN3c10'),
            *('another torch', '--no-cache-dir --force-reinstall --no-deps --no-binary mmcv'),
        ),
        (
            failing('mmcv', "ModuleNotFoundError: No module named 'mmcv._ext'"),
            *('no compiled operators', IMPORT_US),
        ),
        (
            failing('torchvision', 'operator torchvision::nms does not exist'),
            *('different builds', 'torch torchvision'),
        ),
    ],
)
def test_a_fault_is_recognized_and_comes_with_its_command(facts, word, command):
    (fault,) = (fault for fault in FAULTS if fault.present(facts))
    assert word in fault.name
    assert command in fault.advice(facts)


@pytest.mark.parametrize(
    ('python', 'torch', 'command'),
    [
        ((3, 11), '2.11.0', '--no-binary mmcv'),
        ((3, 13), '2.11.0', "pip install --no-deps 'mmcv-lite==2.1.0'"),
        ((3, 11), '2.14.1', "pip install --no-deps 'mmcv-lite==2.1.0'"),
    ],
)
def test_of_mmcv_and_mmcv_lite_the_one_stays_that_can_be_installed_here(python, torch, command):
    owners = {'mmcv': ('mmcv', 'mmcv-lite')}
    facts = Facts(owners=owners, versions={'torch': torch}, python=python)
    (fault,) = [fault for fault in FAULTS if fault.present(facts)]
    advice = fault.advice(facts)
    assert advice.startswith('pip uninstall -y mmcv mmcv-lite; ')
    assert command in advice


def test_transformers_is_no_fault_where_the_toolbox_goes_with_it():
    for versions in ('mmpretrain 1.2.0, transformers 4.51.3', 'transformers 5.23.0'):
        facts = having(versions)
        assert not any(fault.present(facts) for fault in FAULTS)


def test_a_missing_drn_is_seen_in_the_files(tmp_path):
    localizers = tmp_path / 'models' / 'localizers'
    localizers.mkdir(parents=True)
    facts = Facts(folders={'mmaction': tmp_path})
    (fault,) = (fault for fault in FAULTS if fault.present(facts))
    assert 'drn' in fault.name and fault.repaired
    (localizers / 'drn').mkdir()
    assert not any(fault.present(facts) for fault in FAULTS)


def test_a_crash_of_one_import_does_not_end_the_doctor(monkeypatch):
    monkeypatch.setitem(environment.IMPORTS, 'mmcv', 'import os; os.abort()')
    ok, output = environment.try_import('mmcv', with_plugin=False)
    assert not ok
    assert 'killed by signal' in output


def test_a_main_job_that_cannot_run_gives_exit_status_1(capsys):
    versions = dict.fromkeys(MAIN_JOB, '1.0')
    facts = Facts(versions=versions)
    assert environment.judge(facts) == 0
    broken = dataclasses.replace(facts, failed_imports=frozenset({'mmcv'}))
    assert environment.judge(broken) == 1
    del versions['mmdet']
    assert environment.judge(facts) == 1
    assert 'mmdet is missing' in capsys.readouterr().out


def run_doctor(*command: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


@pytest.mark.parametrize('command', [('-m', 'mmuniformer', 'doctor'), ('tools/doctor.py',)])
def test_it_runs_with_the_standard_library_alone(command):
    # -S: no site-packages; a PYTHONPATH would bring some back.
    result = run_doctor('-S', *command, PYTHONPATH='')
    assert result.returncode == 1, result.stderr
    assert 'torch is missing.' in result.stdout
    assert 'bash tools/setup.sh det' in result.stdout


def test_it_runs_where_torch_and_mmengine_do_not_import(tmp_path):
    for package in ('torch', 'mmengine'):
        (tmp_path / package).mkdir()
        (tmp_path / package / '__init__.py').write_text(f'raise ImportError("{package} is broken")')
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    result = run_doctor('-S', '-m', 'mmuniformer', 'doctor', PYTHONPATH=path)
    assert result.returncode == 1, result.stderr
    assert 'torch is installed but cannot be imported.' in result.stdout
    assert 'ImportError: mmengine is broken' in result.stdout


@pytest.mark.parametrize(
    ('argv', 'orig_argv', 'runs'),
    [
        (['-m', 'doctor'], ['python', '-m', 'mmuniformer', 'doctor'], True),
        (['-m', 'doctor', 'a.py'], ['python', '-Im', 'mmuniformer', 'doctor', 'a.py'], True),
        (['/bin/mmuniformer', 'doctor'], ['python', '/bin/mmuniformer', 'doctor'], True),
        (['-m', 'doctor'], ['python', '-m', 'pytest', 'doctor'], False),
        (['-m', 'zoo'], ['python', '-m', 'mmuniformer', 'zoo'], False),
        (['doctor.py'], ['python', 'doctor.py'], False),
        (['run.py', 'doctor'], ['python', 'run.py', 'doctor'], False),
        ([''], ['python'], False),
    ],
)
def test_only_the_doctor_imports_the_package_without_its_integrations(
    monkeypatch, argv, orig_argv, runs
):
    monkeypatch.setattr(sys, 'argv', argv)
    monkeypatch.setattr(sys, 'orig_argv', orig_argv)
    assert mmuniformer._runs_doctor() is runs


def test_it_finds_this_environment_fit_for_detection():
    pytest.importorskip('mmdet')
    result = run_doctor('-m', 'mmuniformer', 'doctor')
    assert result.returncode == 0, result.stdout + result.stderr
    assert 'Detection can run.' in result.stdout
    assert 'IMPORT FAILS' not in result.stdout


def make_config(root: Path, checkpoint: str = 'https://host/a.pth') -> dict:
    dataset = dict(data_root=str(root), ann_file='annotations/val.json', data_prefix='val2017/')
    return dict(
        val_dataloader=dict(dataset=dict(type='RepeatDataset', dataset=dataset)),
        val_evaluator=dict(ann_file=f'{root}/annotations/val.json'),
        model=dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=checkpoint))),
    )


@pytest.fixture
def mini(tmp_path):
    root = tmp_path / 'data' / 'mini' / 'coco'
    for folder in ('annotations', 'val2017'):
        (root / folder).mkdir(parents=True)
    (root / 'annotations' / 'val.json').write_text(json.dumps({'images': []}))
    (root / 'val2017' / 'a.jpg').write_bytes(b'image')
    return root


def test_a_config_whose_files_are_there_passes(mini, tmp_path, capsys):
    import torch

    torch.save({'a': torch.zeros(1)}, tmp_path / 'a.pth')
    assert config.check_files(make_config(mini, str(tmp_path / 'a.pth'))) == 0
    # data_root, ann_file (its evaluator's is the same file), images and the checkpoint.
    assert capsys.readouterr().out.count('  ok ') == 4


def test_detections_of_persons_are_where_mmpose_looks_for_them():
    dataset = dict(data_root='data/coco/', bbox_file='data/coco/persons.json')
    found = config.data_paths({'val_dataloader': {'dataset': dataset}})
    assert list(found) == ['data/coco/', 'data/coco/persons.json']


def test_missing_mini_data_come_with_the_command_that_makes_them(tmp_path, capsys):
    root = tmp_path / 'data' / 'mini' / 'coco'
    assert config.check_files(make_config(root)) == 1
    out = capsys.readouterr().out
    assert f'mmuniformer make-mini-data coco --out {root}' in out
    # One line for the whole data set; a URL is not missing, it comes later.
    assert out.count('MISSING') == 1
    assert 'is downloaded on first use' in out


def test_missing_coco_comes_with_source_and_tree():
    hint = config.hint_for_data('data/coco/annotations/instances_val2017.json')
    assert 'https://cocodataset.org' in hint
    assert 'data/coco/val2017/*.jpg' in hint


@pytest.mark.parametrize(
    ('break_it', 'words'),
    [
        (lambda root: (root / 'annotations/val.json').write_text('{"images": ['), 'not valid JSON'),
        (lambda root: (root / 'annotations/val.json').write_text(''), 'is empty'),
        (lambda root: (root / 'annotations/val.json').unlink(), 'does not exist'),
        (lambda root: (root / 'val2017/a.jpg').unlink(), 'is an empty folder'),
    ],
)
def test_a_damaged_data_set_is_described(mini, capsys, break_it, words):
    break_it(mini)
    assert config.check_files(make_config(mini)) == 1
    assert words in capsys.readouterr().out


def test_a_damaged_checkpoint_is_described(mini, tmp_path, capsys):
    (tmp_path / 'a.pth').write_bytes(b'no checkpoint')
    assert config.check_files(make_config(mini, str(tmp_path / 'a.pth'))) == 1
    assert 'a.pth cannot be read' in capsys.readouterr().out


def test_a_config_that_is_not_there_or_does_not_parse_is_named(tmp_path, capsys):
    assert config.check_config(str(tmp_path / 'none.py')) == 1
    (tmp_path / 'bad.py').write_text('model = dict(')
    assert config.check_config(str(tmp_path / 'bad.py')) == 1
    out = capsys.readouterr().out
    assert 'there is no config file' in out and 'cannot be read: SyntaxError' in out


def test_a_config_is_found_by_its_name(tmp_path, monkeypatch, capsys):
    pytest.importorskip('mmdet')
    monkeypatch.chdir(tmp_path)
    assert config.check_config('mini_mask_rcnn_uniformer_s_h14') == 1
    out = capsys.readouterr().out
    assert 'mmuniformer make-mini-data coco --out data/mini/coco' in out
    assert out.splitlines()[-1] == '  1 missing'
