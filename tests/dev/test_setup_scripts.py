"""The shell scripts: they parse, they explain themselves, and they refuse what they do not know."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from programs import write_program

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ['tools/setup.sh', 'tools/quickstart.sh', 'tools/run_tests.sh']


def run(*command: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ['bash', *command], cwd=ROOT, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize('script', [*SCRIPTS, 'tools/_lib.sh', '.ci/run'])
def test_the_script_parses(script):
    assert run('-n', script).returncode == 0


@pytest.mark.parametrize('script', [*SCRIPTS, '.ci/run'])
def test_the_script_is_executable_and_stops_at_the_first_error(script):
    assert (ROOT / script).stat().st_mode & stat.S_IXUSR
    assert 'set -euo pipefail' in (ROOT / script).read_text()


@pytest.mark.parametrize('script', SCRIPTS)
def test_help_tells_the_usage_and_does_nothing_else(script, tmp_path):
    result = run(script, '--help', VENV=str(tmp_path / 'venv'))
    assert result.returncode == 0
    assert f'usage: bash {script}' in result.stdout
    assert not (tmp_path / 'venv').exists()


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['poses'], "got 'poses'; allowed are det, seg, pose, cls, video, core and all"),
        (['det', 'all'], 'got det and all; give one of them'),
        (['--stack', 'old'], "got --stack 'old'; allowed are today, compiled and onedl"),
        (['--stack=old'], "got --stack 'old'; allowed are today, compiled and onedl"),
        (['--stack'], "got --stack ''; allowed are today, compiled and onedl"),
    ],
)
def test_setup_refuses_other_arguments_and_says_what_is_allowed(arguments, words, tmp_path):
    result = run('tools/setup.sh', *arguments, VENV=str(tmp_path / 'venv'))
    assert result.returncode == 1
    assert f'error: {words}' in result.stderr
    assert not (tmp_path / 'venv').exists()


def test_quickstart_refuses_other_arguments():
    result = run('tools/quickstart.sh', '--slow')
    assert result.returncode == 1
    assert "got '--slow'; allowed are --fast and --stack STACK" in result.stderr


# Takes the number of a version, and is that Python for what asks with sys.version_info.
PRETENDER = """#!/bin/sh
case "$2" in
    *python_version*) echo {0}.{1}.1 ;;
    *) exec {2} -c "import sys; sys.version_info = ({0}, {1}, 1); $2" ;;
esac
"""


@pytest.fixture
def pretender(tmp_path):
    """Make a command ``python3.MINOR`` that says it is that Python."""
    return lambda minor: write_program(
        tmp_path / 'bin' / f'python3.{minor}', PRETENDER.format(3, minor, sys.executable)
    )


@pytest.mark.parametrize(
    ('stack', 'minor', 'newest'),
    [('today', 8, 13), ('today', 9, 13), ('today', 14, 13), ('compiled', 13, 12)],
)
def test_an_interpreter_that_the_stack_does_not_go_with_is_refused(
    stack, minor, newest, pretender, tmp_path
):
    options = {'PYTHON': str(pretender(minor)), 'VENV': str(tmp_path / 'venv')}
    result = run('tools/setup.sh', 'det', '--stack', stack, **options)
    assert result.returncode == 1
    needed = f"is Python 3.{minor}.1; 3.10 to 3.{newest} is needed for the stack '{stack}'"
    assert needed in result.stderr
    assert not (tmp_path / 'venv').exists()


@pytest.mark.parametrize(
    ('stack', 'minor'),
    [*(('today', minor) for minor in (10, 11, 12, 13)), ('onedl', 13)],
)
def test_an_interpreter_that_the_stack_goes_with_is_taken(stack, minor, pretender):
    python = pretender(minor)
    result = run('tools/setup.sh', '--check', '--stack', stack, PYTHON=str(python))
    assert result.returncode == 0
    assert result.stdout == f"the stack '{stack}' can be built with {python}\n"


def test_without_a_fitting_python3_the_newest_that_fits_is_taken(pretender):
    for minor in (11, 12, 14):
        pretender(minor)
    old = pretender(9)
    old.rename(old.with_name('python3'))
    path = f'{old.parent}:/usr/bin:/bin'
    result = run('tools/setup.sh', '--check', PATH=path)
    assert result.stdout == "the stack 'today' can be built with python3.12\n"


@pytest.mark.parametrize(
    ('name', 'complaint'),
    [
        ('python9.9', "there is no interpreter '{}'"),
        ('bin/python3.12', "'{}' does not run"),
    ],
)
def test_an_interpreter_that_is_not_there_or_does_not_run_is_named(name, complaint, tmp_path):
    write_program(tmp_path / 'bin' / 'python3.12', '#!/bin/sh\nexit 127\n')
    python = str(tmp_path / name)
    result = run('tools/setup.sh', 'det', PYTHON=python, VENV=str(tmp_path / 'venv'))
    assert result.returncode == 1
    assert complaint.format(python) in result.stderr and 'PYTHON=' in result.stderr


@pytest.mark.parametrize('stack', ['today', 'onedl'])
def test_these_stacks_need_no_compiler(stack):
    result = run('tools/setup.sh', '--check', '--stack', stack, CXX='no-such-compiler')
    assert result.returncode == 0


def test_a_missing_compiler_is_named_with_the_package_that_has_it(pretender, tmp_path):
    options = {'PYTHON': str(pretender(12)), 'CXX': 'no-such-compiler'}
    venv = str(tmp_path / 'venv')
    result = run('tools/setup.sh', 'det', '--stack', 'compiled', **options, VENV=venv)
    assert result.returncode == 1
    assert 'apt-get install -y build-essential' in result.stderr
    assert 'Nothing is compiled without --stack compiled' in result.stderr


@pytest.mark.parametrize(
    ('stack', 'folder'),
    [('today', '.venv'), ('compiled', '.venv-compiled'), ('onedl', '.venv-onedl')],
)
def test_every_stack_has_a_folder_and_constraints_of_its_own(stack, folder):
    told = run('-c', f'unset VENV; source tools/_lib.sh; choose_stack {stack}; say "$VENV"').stdout
    assert told == f'{ROOT / folder}\n'
    assert (ROOT / 'requirements' / f'constraints-{stack}.txt').is_file()


# Tells that {0} KiB are free in folder {1}, and 10 GiB in others.
DISK = """#!/bin/sh
case $2 in {1}) free={0} ;; *) free=10485760 ;; esac
echo Filesystem 1024-blocks Used Available
echo /dev/disk 0 0 $free
"""


@pytest.mark.parametrize(
    ('command', 'free', 'place', 'message'),
    [
        ('setup.sh det', 8, '', 'for the environment {}/new/venv; 8 GB are needed'),
        ('setup.sh det', 2, '/tmp', 'for what pip unpacks; 2 GB are needed'),
        ('run_tests.sh', 2, '/tmp', 'for what the tests write; 2 GB are needed'),
    ],
)
def test_a_full_disk_is_told_before_anything_is_done(command, free, place, message, tmp_path):
    (tmp_path / 'tmp').mkdir()
    df = write_program(tmp_path / 'bin' / 'df', DISK.format(free * 2**20 - 1, f'{tmp_path}{place}'))
    places = {'VENV': str(tmp_path / 'new' / 'venv'), 'TMPDIR': str(tmp_path / 'tmp')}
    path = f'{df.parent}:{os.environ["PATH"]}'
    result = run('tools/' + command.split()[0], *command.split()[1:], PATH=path, **places)
    assert result.returncode == 1
    told = f'error: {free - 1} GB are free in {tmp_path}{place}, {message.format(tmp_path)}'
    assert told in result.stderr.splitlines()
    assert not (tmp_path / 'new').exists()


def test_a_failing_step_shows_the_log_and_the_remedy(tmp_path):
    log = tmp_path / 'log'
    step = "step 'Mending the roof' '1 s' 'Call the roofer.' bash -c 'echo rain; exit 3'"
    result = run('-c', f'source tools/_lib.sh; LOG={log}; {step}')
    assert result.returncode == 1
    assert 'Mending the roof (about 1 s) ... failed' in result.stdout
    assert 'rain' in result.stdout
    assert 'Mending the roof failed with exit status 3' in result.stderr
    assert 'Call the roofer.' in result.stderr
    assert 'rain' in log.read_text()


@pytest.mark.parametrize(('seconds', 'words'), [(0, '0 s'), (59, '59 s'), (125, '2 min 05 s')])
def test_times_are_told_in_minutes(seconds, words):
    assert run('-c', f'source tools/_lib.sh; clock {seconds}').stdout == words


def test_ci_passes_the_tests_with_the_script_that_users_have():
    assert (ROOT / '.ci' / 'run').read_text().splitlines()[-1] == 'exec bash tools/run_tests.sh'


def test_an_environment_of_another_stack_is_built_anew(tmp_path, pretender):
    # Up to the first step that needs the network: the old environment is gone, and its marks.
    venv = tmp_path / 'venv'
    (venv / 'bin').mkdir(parents=True)
    (venv / 'bin' / 'python').symlink_to(sys.executable)
    (venv / 'mmuniformer.root').write_text(str(venv))
    (venv / 'mmuniformer.stack').write_text('compiled')
    python = pretender(12)
    python.write_text(f'#!/bin/sh\n[ "$2" != venv ] || exit 1\nexec {sys.executable} "$@"\n')
    result = run('tools/setup.sh', 'det', PYTHON=str(python), VENV=str(venv))
    assert result.returncode == 1
    assert f'{venv} was built for another stack: it is built anew' in result.stdout
    assert not (venv / 'mmuniformer.stack').exists()
