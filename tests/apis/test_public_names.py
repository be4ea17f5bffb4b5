"""What ``from mmuniformer.apis import NAME`` gives."""

import importlib.util
from types import ModuleType

import pytest

from mmuniformer import apis


@pytest.mark.parametrize('name', apis.__all__)
def test_a_public_name_is_no_module_even_if_one_has_the_same_name(name):
    if importlib.util.find_spec(f'mmuniformer.apis.{name}'):
        importlib.import_module(f'mmuniformer.apis.{name}')
    value = getattr(apis, name)
    assert callable(value) and not isinstance(value, ModuleType)
    assert value.__doc__


def test_an_unknown_name_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'fly'"):
        apis.fly  # noqa: B018
