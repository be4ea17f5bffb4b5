"""What newer versions of Python and setuptools have no more, and toolboxes use."""

import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import pkgutil
import sys
from pathlib import Path

import pytest
from fresh_python import run_python
from hidden_modules import hiding

import mmuniformer  # noqa: F401
from mmuniformer.integrations.fallbacks import _pkg_resources as ours
from mmuniformer.integrations.fallbacks import missing

HIDE = hiding('pkg_resources', 'setuptools', 'distutils') + 'import mmuniformer\n'


def test_mmengine_finds_packages_without_setuptools():
    (name,) = importlib.metadata.packages_distributions()['mmengine']
    version = importlib.metadata.version(name)
    folder = Path(importlib.util.find_spec('mmengine').origin).parent
    code = f"""
from mmengine.utils import get_installed_path, is_installed
print(is_installed('mmengine'), is_installed('mm-engine-of-nobody'), is_installed('mmuniformer'))
print(get_installed_path('mmengine'))
import pkg_resources
print(pkg_resources.__spec__.origin, pkg_resources.get_distribution('{name}').version)
"""
    assert run_python(HIDE + code)[-3:] == [
        'True False True',
        str(folder),
        f'served by mmuniformer {version}',
    ]


def test_a_base_from_a_toolbox_is_found_without_setuptools():
    pytest.importorskip('mmdet')
    code = """
from mmengine.config import Config
text = "_base_ = 'mmdet::_base_/schedules/schedule_1x.py'"
import tempfile, pathlib
path = pathlib.Path(tempfile.mkdtemp(), 'a.py')
path.write_text(text)
print(Config.fromfile(path).train_cfg.max_epochs)
"""
    assert run_python(HIDE + code)[-1] == '12'


def test_the_environment_is_described_without_distutils():
    code = """
from mmengine.utils.dl_utils import collect_env
found = collect_env()
print(found['GCC'] != '', found['Python'] == sys.version.replace(chr(10), ''))
import distutils.errors
print(distutils.__spec__.origin, issubclass(distutils.errors.DistutilsPlatformError, Exception))
import distutils.ccompiler
try:
    distutils.ccompiler.new_compiler()
except distutils.errors.DistutilsPlatformError as error:
    print(error)
"""
    # Python 3.11 and before come with a distutils, which is hidden here all the same.
    assert run_python(HIDE + code)[-3:] == [
        'True True',
        'served by mmuniformer True',
        'distutils is not installed',
    ]


def test_what_is_installed_is_described_as_by_pkg_resources():
    if importlib.machinery.PathFinder.find_spec('pkg_resources') is None:
        pytest.skip('these setuptools have no pkg_resources')
    import pkg_resources as real

    (mmengine,) = importlib.metadata.packages_distributions()['mmengine']
    for name in (mmengine, 'torch', 'Torch'):
        there, here = real.get_distribution(name), ours.get_distribution(name)
        assert here.project_name == there.project_name and here.version == there.version
        assert Path(here.location).samefile(there.location)
        assert here.key == there.key
        assert here.has_metadata('METADATA') and not here.has_metadata('nothing')
        assert here.get_metadata('METADATA') == there.get_metadata('METADATA')
    keys = [each.key for each in ours.working_set]
    assert len(keys) == len(set(keys))
    assert {mmengine, 'torch'} <= set(keys)
    with pytest.raises(FileNotFoundError, match='mmengine has no nothing'):
        ours.get_distribution(mmengine).get_metadata('nothing')


@pytest.mark.parametrize('name', ['a-package-of-nobody', ''])
def test_a_package_that_is_not_installed_is_said_to_be_so(name):
    with pytest.raises(ours.DistributionNotFound):
        ours.get_distribution(name)


def test_versions_are_ordered_as_versions():
    assert sorted(['1.10', '1.9', '1.10rc1'], key=ours.parse_version) == ['1.9', '1.10rc1', '1.10']


def test_a_namespace_package_is_joined(tmp_path, monkeypatch):
    for name in ('a', 'b'):
        package = tmp_path / name / 'joined_by_nobody'
        package.mkdir(parents=True)
        (package / '__init__.py').write_text(
            'from mmuniformer.integrations.fallbacks._pkg_resources import declare_namespace\n'
            'declare_namespace(__name__)\n'
        )
        (package / f'part_{name}.py').write_text(f'answer = {name!r}\n')
        monkeypatch.syspath_prepend(tmp_path / name)
    answers = [importlib.import_module(f'joined_by_nobody.part_{n}').answer for n in ('a', 'b')]
    assert answers == ['a', 'b']


def test_the_loader_of_a_module_is_found_where_python_has_no_function_for_it():
    code = """
import pkgutil
vars(pkgutil).pop('find_loader', None)
mmuniformer.integrations.register_all_modules()
print(pkgutil.find_loader('mmengine').is_package('mmengine'))
print(pkgutil.find_loader('a_module_of_nobody'))
from mmengine.utils.dl_utils.misc import mmcv_full_available
print(mmcv_full_available())
"""
    has_mmcv = importlib.util.find_spec('mmcv') is not None
    assert run_python(HIDE + code)[-3:] == ['True', 'None', str(has_mmcv)]


def test_the_function_of_an_older_python_is_kept(monkeypatch):
    def own(name: str) -> None:
        raise AssertionError

    monkeypatch.setattr(pkgutil, 'find_loader', own, raising=False)
    missing.restore_find_loader()
    assert pkgutil.find_loader is own


def test_installed_setuptools_are_left_alone():
    real = importlib.machinery.PathFinder.find_spec('pkg_resources')  # setuptools 82 has none
    found = importlib.util.find_spec('pkg_resources')
    assert found.origin == (real.origin if real else 'served by mmuniformer')


def test_pytest_may_prepend_to_the_path_beside_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'pkg_resources', ours)
    monkeypatch.syspath_prepend(tmp_path)
    assert sys.path[0] == str(tmp_path)
