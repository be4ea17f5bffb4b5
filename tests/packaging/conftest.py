"""The wheel of this checkout, built once."""

import pytest
from wheels import build_wheel, copy_source


@pytest.fixture(scope='session')
def source(tmp_path_factory):
    return copy_source(tmp_path_factory.mktemp('packaging') / 'source')


@pytest.fixture(scope='session')
def wheel(source, tmp_path_factory):
    return build_wheel(source, tmp_path_factory.mktemp('wheel'))
