"""Names are registered when the package is imported, what they name when it is first used."""

import mmengine.registry as root
import pytest
from fresh_python import run_python

from mmuniformer import registry
from mmuniformer.models import UniFormer

HEAVY = (
    'PIL', 'av', 'cv2', 'decord', 'matplotlib', 'mmaction', 'mmcv', 'mmdet', 'mmengine.hooks',
    'mmengine.model', 'mmengine.optim', 'mmengine.runner', 'mmpose', 'mmpretrain', 'mmseg',
    'pandas', 'pkg_resources', 'pycocotools', 'scipy', 'torch.distributed.fsdp', 'torchvision',
    'transformers', 'mmuniformer.engine', 'mmuniformer.layers', 'mmuniformer.models',
    'mmuniformer.token_labeling', 'mmuniformer.visualization', 'mmuniformer.weights',
)  # fmt: skip


def test_importing_the_package_imports_nothing_heavy():
    code = f"""
import sys, torch, mmengine
before = set(sys.modules)
import mmuniformer
added = set(sys.modules) - before
print(sorted(added & set({HEAVY})), len(added) < 60)
"""
    assert run_python(code) == ['[] True']


def test_a_bare_name_builds_before_and_is_the_class_after_the_first_use():
    code = """
import mmuniformer
from mmengine.registry import MODELS
before = MODELS.get('UniFormer')
net = MODELS.build(dict(type='UniFormer', arch='small'))
print(before.__name__, before.__module__, MODELS.get('UniFormer') is type(net))
"""
    assert run_python(code) == ['UniFormer mmuniformer.models True']


def test_the_subpackages_are_attributes_of_the_package():
    import mmuniformer

    assert mmuniformer.models.UniFormer is UniFormer
    with pytest.raises(AttributeError, match="'mmuniformer' has no attribute 'nonsense'"):
        _ = mmuniformer.nonsense


@pytest.mark.parametrize('each', registry.REGISTRIES, ids=lambda each: each.name)
def test_the_names_declared_are_the_names_registered(each):
    each.import_from_location()
    declared = {name for names in each.names.values() for name in names}
    assert set(each.module_dict) == declared
    for name, module in each.module_dict.items():
        assert each.parent.get(name) is each.parent.get(f'mmuniformer.{name}') is module


def test_a_name_that_another_package_has_registered_is_an_error(monkeypatch):
    monkeypatch.setitem(root.MODELS.module_dict, 'UniFormer', type('UniFormer', (), {}))
    with pytest.raises(KeyError, match='UniFormer is already registered'):
        registry.MODELS.register_bare_names()


def test_a_decorated_class_is_registered_in_both_registries(monkeypatch):
    for each in (registry.HOOKS, root.HOOKS):
        monkeypatch.setattr(each, '_module_dict', dict(each.module_dict))

    @registry.HOOKS.register_module(name='MadeForThisTest')
    class Made:
        pass

    assert registry.HOOKS.get('MadeForThisTest') is root.HOOKS.get('MadeForThisTest') is Made
