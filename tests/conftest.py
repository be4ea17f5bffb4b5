"""Fixtures for the whole suite."""

import functools
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mmengine.config.utils
import pytest
from forks import command_for, has_forks
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope

ROOT = Path(__file__).resolve().parents[1]
# OpenMP threads that spin while they wait make two busy processes ten times slower than one.
CALM = {'GOMP_SPINCOUNT': '10000'}
Run = Callable[..., subprocess.CompletedProcess]
# Folder or file of tests → its tier; all others need toolboxes.
TIERS = {
    'layers': 'core',
    'models': 'core',
    'weights': 'core',
    'test_contract.py': 'core',
    'test_pure_forward.py': 'core',
    'end_to_end': 'e2e',
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        first = item.path.relative_to(ROOT / 'tests').parts[0]
        item.add_marker(TIERS.get(first, 'toolbox'))


@pytest.fixture(autouse=True, scope='session')
def metafiles_read_once() -> Iterator[None]:
    """Keep the 50 files of YAML that mmengine reads for each base like ``mmdet::_base_/…``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmengine.config.utils, 'load', functools.cache(mmengine.config.utils.load))
        yield


@pytest.fixture(autouse=True, scope='module')
def no_default_scope() -> Iterator[None]:
    """Start every file without a default scope, whichever toolbox the one before it used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultScope, '_instance_dict', type(DefaultScope._instance_dict)())
        yield


@pytest.fixture(autouse=True)
def no_current_logger() -> Iterator[None]:
    """Forget the loggers a test made: they write into its folder, which is deleted."""
    before = dict(MMLogger._instance_dict)
    yield
    MMLogger._instance_dict.clear()
    MMLogger._instance_dict.update(before)


@pytest.fixture
def mm_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The warnings that mmengine's logger gets, which hands nothing on to Python's."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture(scope='session')
def repo_root() -> Path:
    return ROOT


@pytest.fixture(scope='session')
def user_env() -> dict[str, str]:
    """The environment of a user in a checkout: the package is importable from any folder."""
    path = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(path), 'PYTHONWARNINGS': 'ignore', **CALM}


@pytest.fixture(scope='session')
def run(user_env: dict[str, str]) -> Run:
    """Run a command; its output is text, and part of the failure if it exits with an error."""

    def run_command(*command: object, check: bool = True, **options) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [str(word) for word in command], env=user_env, text=True, capture_output=True, **options
        )
        if check and done.returncode:
            pytest.fail(f'{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}', pytrace=False)
        return done

    return run_command


@pytest.fixture(scope='session')
def python_tool(run: Run) -> Run:
    """Run a script of tools/ by its name."""

    def run_tool(name: str, *args: object, **options) -> subprocess.CompletedProcess:
        return run(sys.executable, ROOT / 'tools' / name, *args, **options)

    return run_tool


@pytest.fixture(scope='session')
def mim(run: Run) -> Run:
    """Run ``mim train`` and ``mim test`` as a user types them, or what forks have instead."""

    def run_mim(name: str, toolbox: str, *args: object, **options):
        words = [*map(str, args)]
        if has_forks() and '--checkpoint' in words:
            words.remove('--checkpoint')
        return run(*command_for(name, toolbox), *words, **options)

    return run_mim


@pytest.fixture(scope='session')
def mini_coco(tmp_path_factory: pytest.TempPathFactory, python_tool: Run) -> Path:
    """The mini set as the quick start makes it, at ``data/mini/coco`` of some folder."""
    folder = tmp_path_factory.mktemp('workspace')
    python_tool('make_mini_data.py', 'coco', cwd=folder)
    return folder / 'data' / 'mini' / 'coco'


@pytest.fixture(scope='session')
def coco_tiny() -> Path:
    """Four images of COCO with their annotations; they are not part of the repository."""
    folder = ROOT.parent / 'shared' / 'data' / 'coco_tiny'
    if not folder.is_dir():
        pytest.skip(f'the images are not at {folder}')
    return folder
