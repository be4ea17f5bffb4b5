"""The examples in the docstrings of mmuniformer.apis do what they say."""

import doctest
import importlib
import inspect
import pkgutil

import pytest
import torch
from mmengine.logging import MMLogger
from released_files import RELEASED

from mmuniformer import apis

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(apis.__path__, 'mmuniformer.apis.')
)


@pytest.mark.parametrize('name', MODULES)
def test_the_examples_of_a_module_give_what_they_print(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    MMLogger.get_current_instance()  # made by an example, it would write into what that prints
    module = importlib.import_module(name)
    for file, content in RELEASED.items():
        if file in inspect.getsource(module):
            torch.save(content(), file)
    assert doctest.testmod(module).failed == 0
