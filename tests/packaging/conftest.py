"""The wheel of this checkout, built once."""

import shutil
from pathlib import Path

import pytest
from wheels import build_wheel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def source(tmp_path_factory):
    """A copy of the source tree, so that building beside other tests disturbs nobody."""
    target = tmp_path_factory.mktemp('packaging') / 'source'
    left_out = ('.*', '__pycache__', '*.egg-info', 'build', 'dist', 'data', 'work_dirs', 'tests')
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*left_out))
    return target


@pytest.fixture(scope='session')
def wheel(source, tmp_path_factory):
    return build_wheel(source, tmp_path_factory.mktemp('wheel'))
