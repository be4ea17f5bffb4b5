"""The workflows run what users are told to run, on the Pythons the package names."""

import re
import sys
from pathlib import Path

import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # of pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / '.github' / 'workflows'
FILES = sorted(FOLDER.glob('*.yml'))
SCRIPT = re.compile(r'bash ((?:tools|\.ci)/[\w.]+)')
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
# What GitHub knows at these places, as far as it is used here.
WORKFLOW_KEYS = {'name', 'on', 'permissions', 'concurrency', 'jobs'}
JOB_KEYS = {'name', 'needs', 'runs-on', 'timeout-minutes', 'strategy', 'steps'}
STEP_KEYS = {'name', 'uses', 'with', 'run'}


def read(name: str) -> dict:
    # YAML 1.1, which PyYAML reads, takes the key `on` for true.
    content = yaml.safe_load((FOLDER / name).read_text())
    return {'on' if key is True else key: value for key, value in content.items()}


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow['jobs'].values() for step in job['steps']]


def commands(workflow: dict) -> str:
    return '\n'.join(step['run'] for step in steps(workflow) if 'run' in step)


def supported() -> list[str]:
    prefix = 'Programming Language :: Python :: '
    words = (line.removeprefix(prefix) for line in PROJECT['classifiers'])
    return [word for word in words if re.fullmatch(r'3\.\d+', word)]


@pytest.mark.parametrize('file', FILES, ids=lambda path: path.stem)
def test_a_workflow_has_only_keys_that_github_knows(file):
    workflow = read(file.name)
    assert workflow.keys() <= WORKFLOW_KEYS
    assert workflow['permissions'] == {'contents': 'read'}
    for job in workflow['jobs'].values():
        assert job.keys() <= JOB_KEYS
        assert {'name', 'runs-on', 'timeout-minutes', 'steps'} <= job.keys()
        assert set([job['needs']] if 'needs' in job else []) <= workflow['jobs'].keys()
        for step in job['steps']:
            assert step.keys() <= STEP_KEYS
            assert ('uses' in step) != ('run' in step)
            assert re.fullmatch(r'actions/[\w-]+@v\d+', step.get('uses', 'actions/any@v1'))


@pytest.mark.parametrize('file', FILES, ids=lambda path: path.stem)
def test_what_a_job_reads_of_its_matrix_is_there_and_its_pythons_are_the_supported_ones(file):
    jobs = read(file.name)['jobs']
    assert any('python' in job.get('strategy', {}).get('matrix', {}) for job in jobs.values())
    for name, job in jobs.items():
        matrix = job.get('strategy', {}).get('matrix', {})
        assert set(re.findall(r'\$\{\{ matrix\.(\w+) \}\}', str(job))) == set(matrix)
        # mmcv's operators cannot be built on Python 3.13.
        wanted = [v for v in supported() if v != '3.13' or name != 'compiled']
        assert matrix.get('python', wanted) == wanted, name


def test_the_oldest_supported_python_is_the_oldest_that_installs():
    assert PROJECT['requires-python'] == f'>={supported()[0]}'


def test_ci_runs_the_scripts_of_the_readme_and_of_ci_run_and_no_others():
    told = set(SCRIPT.findall((ROOT / 'README.md').read_text()))
    told |= set(SCRIPT.findall((ROOT / '.ci' / 'run').read_text()))
    called = set(SCRIPT.findall(commands(read('ci.yml'))))
    assert called == told == {'tools/setup.sh', 'tools/run_tests.sh', 'tools/quickstart.sh'}
    assert all((ROOT / script).is_file() for script in called)


def test_ci_starts_at_pushes_and_pull_requests_and_a_release_at_a_tag():
    assert read('ci.yml')['on'] == {'push': {'branches': ['main']}, 'pull_request': None}
    assert read('release.yml')['on'] == {'push': {'tags': ['v*']}}


def test_environments_are_cached_by_what_decides_them():
    caching = [
        step['with'] for step in steps(read('ci.yml')) if 'setup-python' in step.get('uses', '')
    ]
    assert len(caching) == len(read('ci.yml')['jobs'])
    for options in caching:
        assert options['cache'] == 'pip'
        for pattern in options['cache-dependency-path'].split():
            assert list(ROOT.glob(pattern)), pattern


def test_a_release_is_built_and_checked_with_the_commands_of_the_check_list():
    page = (ROOT / 'docs' / 'releasing.md').read_text()
    for command in ('python -m build', 'python -m twine check --strict dist/*'):
        assert command in commands(read('release.yml')).splitlines()
        assert command in page.splitlines()


def test_the_tag_that_a_release_accepts_is_the_version():
    (check,) = re.findall(r'grep -Fqx "(.*)" (\S+)', commands(read('release.yml')))
    line, path = check
    version = re.search(r"__version__ = '(.*)'", (ROOT / path).read_text())[1]
    assert line.replace('${GITHUB_REF_NAME#v}', version) in (ROOT / path).read_text().splitlines()
