"""Modules that are missing are served; modules that are there are left alone."""

import importlib
import importlib.util
import sys
import types

import pytest

from mmuniformer.integrations.fallbacks import finder as fallbacks

NAME = 'a_module_nobody_has'


@pytest.fixture
def served(monkeypatch):
    """Serve modules in this test alone."""

    def serve(modules: dict) -> None:
        fallbacks.install_fallbacks({})
        finder = next(each for each in sys.meta_path if isinstance(each, fallbacks._FallbackFinder))
        for name, fill in modules.items():
            monkeypatch.setitem(finder.fills, name, fill)
            monkeypatch.delitem(sys.modules, name, raising=False)

    yield serve
    for name in [each for each in sys.modules if each.split('.')[0] == NAME]:
        del sys.modules[name]


def test_a_missing_package_and_its_module_are_imported_with_specs_of_their_own(served):
    served({NAME: lambda package: None, f'{NAME}.part': lambda m: setattr(m, 'answer', 42)})
    part = importlib.import_module(f'{NAME}.part')
    assert part.answer == 42
    assert part.__spec__.name == f'{NAME}.part' and part.__spec__.parent == NAME
    assert importlib.util.find_spec(NAME).submodule_search_locations == []
    assert importlib.util.find_spec(f'{NAME}.part').loader is part.__loader__
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f'{NAME}.other')


def test_reloading_fills_the_same_module_again(served):
    answers = iter([1, 2])
    served({NAME: lambda module: setattr(module, 'answer', next(answers))})
    module = importlib.import_module(NAME)
    assert module.answer == 1
    assert importlib.reload(module) is module and module.answer == 2


def test_an_installed_module_is_not_shadowed(served, tmp_path, monkeypatch):
    (tmp_path / f'{NAME}.py').write_text('answer = "installed"\n')
    monkeypatch.syspath_prepend(tmp_path)
    served({NAME: lambda module: setattr(module, 'answer', 'served')})
    assert importlib.import_module(NAME).answer == 'installed'


def test_what_a_fallback_lacks_itself_is_an_import_error_and_nothing_is_left(served):
    def fill(module: types.ModuleType) -> None:
        import a_module_it_needs  # noqa: F401

    served({NAME: fill})
    with pytest.raises(ModuleNotFoundError, match='a_module_it_needs'):
        importlib.import_module(NAME)
    assert NAME not in sys.modules


def test_installing_twice_adds_one_finder_after_all_others(served):
    served({NAME: lambda module: None})
    fallbacks.install_fallbacks({})
    places = [isinstance(each, fallbacks._FallbackFinder) for each in sys.meta_path]
    path_finder = sys.meta_path.index(importlib.machinery.PathFinder)
    assert places.count(True) == 1 and places.index(True) > path_finder
