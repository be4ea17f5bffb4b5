"""Fixtures for the tests of the served operators."""

from collections.abc import Iterator

import pytest
from compiled_ext import operators_from, served


@pytest.fixture(scope='module')
def served_operators() -> Iterator[None]:
    """Have all of mmcv.ops call the served operators, for a whole file."""
    with operators_from(served()):
        yield
