"""The commands that the shell scripts run, with a Python that only writes down what it is asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from programs import write_program

ROOT = Path(__file__).resolve().parents[2]
# Stands for every program of an environment: it writes down its command line, makes environments
# that consist of itself, and leaves the files that a training and a demo leave.
RECORDER = """#!/bin/sh
[ "$1" = - ] || echo "$(basename "$0") $*" >>"$RECORD"
for last; do :; done
case "$*" in
    *platform.python_version*) echo 3.12.1 ;;
    '-m venv '*) mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
    '-m mim train '*) touch epoch_1.pth && echo epoch_1.pth >"${7:?}/last_checkpoint" ;;
    '-m mmuniformer demo '*) mkdir -p "$last" ;;
esac
"""
FREE = '#!/bin/sh\necho Filesystem 1024-blocks Used Available\necho /dev/disk 0 0 99999999\n'
PIP = 'python -m pip install --no-build-isolation -c {root}/requirements/constraints-%s.txt'
PYTEST = 'pytest --durations=10 -n 3 --dist loadfile --no-loadscope-reorder'
CORE = 'tests/layers tests/models tests/weights tests/test_contract.py tests/test_pure_forward.py'


@pytest.fixture
def commands(tmp_path):
    """Run a script in a copy of the checkout; give the commands that an environment gets.

    Without ``new``, the environments of all stacks are there and up to date.
    """
    root, programs = tmp_path / 'checkout', tmp_path / 'bin'
    for name in ('tools', 'requirements'):
        shutil.copytree(ROOT / name, root / name)
    (root / 'data' / 'mini' / 'coco' / 'val2017').mkdir(parents=True)
    (root / 'data' / 'mini' / 'coco' / 'val2017' / '1.jpg').touch()
    write_program(programs / 'df', FREE)
    write_program(programs / 'nproc', '#!/bin/sh\necho 3\n')
    write_program(programs / 'python3.12', RECORDER)

    def run(script: str, *arguments: str, new: bool = False) -> list[str]:
        for folder in () if new else ('venv', 'venv-compiled'):
            for name in ('python', 'mmuniformer'):
                write_program(tmp_path / folder / 'bin' / name, RECORDER)
            for what in ('core', 'det', 'all'):
                (tmp_path / folder / f'mmuniformer-{what}.stamp').touch()
        record = tmp_path / 'record'
        record.write_text('')
        done = subprocess.run(
            ['bash', str(root / 'tools' / script), *arguments],
            env={
                **os.environ, 'PATH': f'{programs}:{os.environ["PATH"]}', 'CXX': 'sh',
                'PYTHON': 'python3.12', 'VENV': str(tmp_path / 'venv'), 'RECORD': str(record),
            },
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        lines = record.read_text().replace(str(root), '{root}').splitlines()
        checks = ('-c import sys', '-c import platform', '-c import ensurepip', '-c import os')
        ours = [line for line in lines if not any(word in line for word in checks)]
        return [line for line in ours if line.startswith(('python', 'mmuniformer'))]

    return run


@pytest.mark.parametrize(
    ('stack', 'build_tools', 'mmengine'),
    [
        ('today', 'pip wheel setuptools', 'mmengine'),
        ('compiled', 'pip wheel setuptools ninja cython', 'mmengine'),
        ('onedl', 'pip wheel setuptools', 'onedl-mmengine'),
    ],
)
def test_an_environment_for_the_networks_has_torch_mmengine_and_no_mmcv(
    stack, build_tools, mmengine, commands, tmp_path
):
    pip = PIP % stack
    assert commands('setup.sh', 'core', '--stack', stack, new=True) == [
        f'python3.12 -m venv --clear {tmp_path}/venv',
        f'{pip} -U {build_tools}',
        f'{pip} torch torchvision numpy',
        f'{pip} {mmengine} -r {{root}}/requirements/core.txt -e {{root}}',
        'python -c import mmuniformer.models',
    ]


def test_an_environment_that_is_up_to_date_is_left_alone(commands):
    assert commands('setup.sh', 'core') == ['python -m pip show -q mmuniformer']
    assert commands('setup.sh', 'det') == ['python -m pip show -q mmuniformer openmim']


@pytest.mark.parametrize(
    ('arguments', 'shown', 'tested'),
    [
        ('core', 'mmuniformer', [f'-m {PYTEST} -m not slow {CORE}']),
        ('core -x', 'mmuniformer', [f'-m {PYTEST} -m not slow {CORE} -x']),
        ('--stack compiled', 'mmuniformer openmim', [f'-m {PYTEST} -m not slow']),
        ('--stack onedl --slow -k tiny', 'mmuniformer openmim', [f'-m {PYTEST} -k tiny']),
        (
            'core --coverage', 'mmuniformer',
            [
                f'-m coverage run -m {PYTEST} -m not slow {CORE}',
                '-m coverage combine --quiet',
                '-m coverage report',
            ],
        ),
    ],
)  # fmt: skip
def test_the_tests_run_on_one_stack_with_these_arguments(arguments, shown, tested, commands):
    expected = [f'-m pip show -q {shown}', *tested]
    assert commands('run_tests.sh', *arguments.split()) == [f'python {each}' for each in expected]


def test_without_arguments_all_tests_run_and_on_the_compiled_stack_those_of_its_operators(commands):
    shown = 'python -m pip show -q mmuniformer openmim'
    whole, compiled = (line for line in commands('run_tests.sh') if line != shown)
    assert whole == f'python -m {PYTEST} -m not slow'
    assert compiled.startswith(f'{whole} tests/integrations tests/models/test_reference.py ')
    assert compiled.endswith(' tests/end_to_end/test_main_job.py')


def test_the_fast_quick_start_trains_on_100_images_and_does_not_train_twice(commands):
    config, work = 'configs/det/mini_mask_rcnn_uniformer_s_h14.py', 'work_dirs/quickstart_fast'
    before = [
        'python -m pip show -q mmuniformer openmim',
        'mmuniformer make-mini-data coco --out data/mini/coco',
    ]
    after = [
        f'python -m mim test mmdet {config} --checkpoint epoch_1.pth --work-dir {work}/test',
        f'python -m mmuniformer demo det {config} epoch_1.pth data/mini/coco/val2017/1.jpg '
        f'--out-dir {work}/images',
    ]
    training = (
        f'python -m mim train mmdet {config} --work-dir {work} '
        '--cfg-options train_dataloader.dataset.indices=100'
    )
    assert commands('quickstart.sh', '--fast') == [*before, training, *after]
    assert commands('quickstart.sh', '--fast') == [*before, *after]
