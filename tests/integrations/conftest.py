"""Fixtures for the tests of the adapters."""

import pytest
from mmengine.registry import Registry


@pytest.fixture(scope='module')
def mmaction_models() -> Registry:
    """mmaction2's registry of models, in its scope."""
    from mmaction.registry import MODELS
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')
    return MODELS
