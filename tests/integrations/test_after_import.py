"""A module is handed over once it has been imported, and is what it would be without that."""

import importlib
import sys

import pytest

from mmuniformer.integrations.patches.after_import import after_import

NAME = 'imported_by_this_test_alone'


@pytest.fixture
def written(tmp_path, monkeypatch):
    (tmp_path / f'{NAME}.py').write_text('answer = 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(NAME, None)


def change(module) -> None:
    module.answer += 1


def test_a_module_is_changed_after_its_import_and_only_then(written):
    after_import(NAME, change)
    assert NAME not in sys.modules
    module = importlib.import_module(NAME)
    assert module.answer == 2
    assert 'exec_module' not in vars(module.__loader__)
    assert importlib.reload(module).answer == 1


def test_a_module_that_is_there_is_changed_at_once(written):
    module = importlib.import_module(NAME)
    after_import(NAME, change)
    assert module.answer == 2


def test_a_module_that_does_not_exist_is_still_not_found():
    after_import('a_module_nobody_has', change)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module('a_module_nobody_has')


def test_a_module_that_raises_is_not_handed_over(tmp_path, monkeypatch):
    (tmp_path / f'{NAME}.py').write_text('raise ValueError("broken")\n')
    monkeypatch.syspath_prepend(tmp_path)
    called = []
    after_import(NAME, called.append)
    with pytest.raises(ValueError, match='broken'):
        importlib.import_module(NAME)
    assert called == []
