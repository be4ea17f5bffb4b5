"""Hypothesis as this suite uses it: the same examples in every run, and nothing written down."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, configuration, settings

settings.register_profile(
    'suite',
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile('suite')
# Tables of characters and constants, which it keeps whatever the database is.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / 'hypothesis')
