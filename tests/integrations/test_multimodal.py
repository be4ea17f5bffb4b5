"""mmpretrain and mmaction2 beside a transformers that is too new for their multimodal models."""

import importlib.metadata
import importlib.util
import re
import sys
import types

import pytest

from mmuniformer.doctor.facts import Facts
from mmuniformer.integrations.patches import PATCHES, multimodal

MODELS = {'mmpretrain': 'BlipCaption', 'mmaction': 'VindLUVQA'}
HERE = {name: model for name, model in MODELS.items() if importlib.util.find_spec(name)}
# A line for a toolbox that cannot be imported; else one for a net and one for a multimodal model.
USE = f"""
import importlib
for toolbox, name in {HERE}.items():
    try:
        importlib.import_module(toolbox + '.models')
    except Exception as error:
        print(toolbox, 'does not import:', error)
        continue
    models = importlib.import_module(toolbox + '.registry').MODELS
    print(models.get('ResNet').__module__)
    try:
        models.build(dict(type=toolbox + '.' + name))
    except ImportError as error:
        print(toolbox, 'without', name, error)
"""


@pytest.fixture
def python(tmp_path, user_env, run):
    """Run code beside a transformers that has none of the names that the toolboxes import."""
    (tmp_path / 'transformers').mkdir()
    (tmp_path / 'transformers' / '__init__.py').touch()
    told = tmp_path / 'transformers-5.23.0.dist-info' / 'METADATA'
    told.parent.mkdir()
    told.write_text('Metadata-Version: 2.1\nName: transformers\nVersion: 5.23.0\n')
    path = f'PYTHONPATH={tmp_path}:{user_env["PYTHONPATH"]}'
    return lambda code, **options: run('env', path, sys.executable, '-c', code, **options)


@pytest.mark.skipif(not HERE, reason='neither mmpretrain nor mmaction2 is installed')
def test_with_the_patch_only_multimodal_models_are_missing_and_without_it_all(python):
    remove = 'sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "_ImportGuard"]'
    bare = python(f'import mmuniformer, sys; {remove}\n{USE}').stdout
    done = python(f'import mmuniformer\n{USE}').stdout
    for toolbox, name in HERE.items():
        assert f'{toolbox} does not import: ' in bare
        assert re.search(rf'models of {toolbox} 1\.[\d.]+ need transformers<', done)
        assert f'\n{toolbox}.models.backbones.resnet\n' in done
        missing = f'{toolbox} without {name} .* requires extra multi-modal dependencies'
        assert re.search(missing, done)
    assert 'does not import' not in done
    assert "'transformers'" in bare


by_version = pytest.mark.parametrize(
    ('toolbox', 'version', 'found', 'kept'),
    [
        ('mmpretrain', '1.2.0', '4.51.3', True),
        ('mmpretrain', '1.2.0', '4.52.1', False),
        ('mmpretrain', '1.3.6', '4.57.3', True),
        ('mmpretrain', '1.3.6', '5.0.0', False),
        ('mmpretrain', '1.4.0', '5.23.0', True),
        ('mmaction', '1.2.0', '4.55.4', True),
        ('mmaction', '1.2.0', '4.56.0', False),
    ],
)


@by_version
def test_only_a_version_that_does_not_import_is_left_out(
    toolbox, version, found, kept, monkeypatch
):
    dependency = types.SimpleNamespace(WITH_MULTIMODAL=True)
    monkeypatch.setitem(sys.modules, toolbox, types.SimpleNamespace(__version__=version))
    monkeypatch.setitem(sys.modules, f'{toolbox}.utils.dependency', dependency)
    monkeypatch.setattr(importlib.metadata, 'version', lambda name: found)
    (finder,) = [each for each in sys.meta_path if isinstance(each, multimodal._ImportGuard)]
    for name in (toolbox, f'{toolbox}.engine', f'{toolbox}.models.backbones', 'mmdet.models'):
        assert finder.find_spec(name) is None
        assert dependency.WITH_MULTIMODAL
    assert finder.find_spec(f'{toolbox}.models') is None
    assert dependency.WITH_MULTIMODAL is kept


def test_a_toolbox_without_multimodal_models_is_left_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mmaction', types.SimpleNamespace(__version__='1.1.0'))
    monkeypatch.setitem(sys.modules, 'mmaction.utils.dependency', None)
    said = []
    monkeypatch.setattr(multimodal, 'print_log', lambda *words: said.append(words))
    assert multimodal._ImportGuard().find_spec('mmaction.models') is None
    assert not said


def test_a_second_call_adds_no_second_finder():
    before = list(sys.meta_path)
    multimodal.skip_multimodal_models()
    assert sys.meta_path == before


@by_version
def test_the_doctor_sees_the_fault_from_the_same_version_on(toolbox, version, found, kept):
    (patch,) = [patch for patch in PATCHES if 'multimodal' in patch.fault]
    part = toolbox.replace('mmaction', 'mmaction2')
    facts = Facts(versions={part: version, 'transformers': found})
    assert patch.is_present(facts) is not kept
