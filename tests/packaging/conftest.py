"""The wheel of this checkout, built and installed once."""

import pytest
from wheels import PIP, build_wheel, copy_source, run


@pytest.fixture(scope='session')
def source(tmp_path_factory):
    return copy_source(tmp_path_factory.mktemp('packaging') / 'source')


@pytest.fixture(scope='session')
def wheel(source, tmp_path_factory):
    return build_wheel(source, tmp_path_factory.mktemp('wheel'))


@pytest.fixture(scope='session')
def site(wheel, tmp_path_factory):
    """A folder with the installed wheel, for PYTHONPATH."""
    target = tmp_path_factory.mktemp('site')
    run(*PIP, 'install', '--no-deps', '--no-index', '--target', str(target), str(wheel), cwd=target)
    return target
