"""Bare and scoped names, whatever is imported first. Each case runs in a process of its own."""

import importlib.util
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from fresh_python import FreshPython, run_python

import mmuniformer

TOOLBOXES = {  # module → a backbone of its own that must still build
    'mmpretrain': "dict(type='ResNet', depth=18)",
    'mmaction': "dict(type='ResNet3d', depth=18, pretrained=None, pretrained2d=False)",
    'mmdet': "dict(type='ResNet', depth=18)",
    'mmseg': "dict(type='ResNetV1c', depth=18)",
    'mmpose': "dict(type='ResNet', depth=18)",
}
ARCH = 'dict(depths=(1, 1, 1, 1), dims=(8, 8, 8, 8), head_dim=8)'

ORDERS = {
    'plugin first': 'import mmuniformer; from {toolbox}.registry import MODELS',
    'toolbox first': 'import {toolbox}; from {toolbox}.registry import MODELS; import mmuniformer',
    'plugin, then all modules': (
        'import mmuniformer; from {toolbox}.utils import register_all_modules; '
        'register_all_modules(); from {toolbox}.registry import MODELS'
    ),
    'plugin, then models': (
        'import mmuniformer; import {toolbox}.models; from {toolbox}.registry import MODELS'
    ),
    'own models built before': (
        '{repair}; from {toolbox}.registry import MODELS; MODELS.build({own}); import mmuniformer'
    ),
    'models imported before': (
        '{repair}; import {toolbox}.models; from {toolbox}.registry import MODELS; '
        'import mmuniformer'
    ),
    'custom_imports': (
        'from mmengine.config import Config; Config.fromstring("custom_imports = '
        'dict(imports=[\'mmuniformer\'], allow_failed_imports=False)", ".py"); '
        'from {toolbox}.registry import MODELS'
    ),
    'imported twice': (
        'import mmuniformer, mmuniformer.registry, mmuniformer.models; import mmuniformer; '
        'mmuniformer.integrations.register_all_modules(); from {toolbox}.registry import MODELS'
    ),
}
# The wheel of mmaction2 1.2.0 cannot import its own models; put the missing module in its place, as
# a user would who wants to import it without the plugin.
REPAIR = (
    'import sys, types; drn = types.ModuleType("drn"); drn.DRN = type("DRN", (), {}); '
    'sys.modules["mmaction.models.localizers.drn"] = drn; '
    'sys.modules["mmaction.models.localizers.drn.drn"] = drn'
)


@pytest.fixture(scope='module')
def fresh_python() -> Iterator[FreshPython]:
    with FreshPython() as python:
        yield python


def checks(toolbox: str) -> str:
    code = f"from mmengine.registry import init_default_scope; init_default_scope('{toolbox}')\n"
    code += 'import mmuniformer.models as ours, sys\n'
    for name in ('UniFormer', 'UniFormer3D', 'UniFormerLight', 'UniFormerLight3D'):
        code += f"assert MODELS.get('mmuniformer.{name}') is ours.{name}\n"
        # In mmaction2 the bare UniFormer is the drop-in for its own 3D class.
        replaced = toolbox == 'mmaction' and name == 'UniFormer'
        family = 'ours.UniFormer3D' if replaced else f'ours.{name}'
        code += f"net = MODELS.build(dict(type='{name}', arch={ARCH}))\n"
        code += f'assert isinstance(net, {family}), type(net)\n'
        code += "assert type(net).__module__.startswith('mmuniformer.'), type(net)\n"
    code += f'own = MODELS.build({TOOLBOXES[toolbox]})\n'
    code += f"assert type(own).__module__.startswith('{toolbox}.'), type(own)\n"
    if toolbox == 'mmaction':
        code += 'from mmaction.models.backbones.uniformer import UniFormer as stock\n'
        code += "assert stock.__module__ == 'mmaction.models.backbones.uniformer'\n"
        code += "assert MODELS.get('UniFormerV2').__module__.endswith('.mmaction2.uniformerv2')\n"
    return code + "print('checked')"


@pytest.mark.parametrize('order', ORDERS)
@pytest.mark.parametrize('toolbox', TOOLBOXES)
def test_names_resolve_and_the_toolboxs_own_models_still_build(toolbox, order, fresh_python):
    if importlib.util.find_spec(toolbox) is None:
        pytest.skip(f'{toolbox} is not installed')
    repair = REPAIR if toolbox == 'mmaction' else 'pass'
    code = ORDERS[order].format(toolbox=toolbox, own=TOOLBOXES[toolbox], repair=repair)
    printed = fresh_python.run(code + '\n' + checks(toolbox))
    assert printed.splitlines()[-1] == 'checked'


@pytest.mark.parametrize('toolbox', sorted(set(TOOLBOXES) - {'mmaction'}))
def test_the_scoped_name_needs_no_import_of_the_plugin(toolbox, fresh_python):
    if importlib.util.find_spec(toolbox) is None:
        pytest.skip(f'{toolbox} is not installed')
    code = f"""
        from {toolbox}.registry import MODELS
        net = MODELS.build(dict(type='mmuniformer.UniFormer', arch={ARCH}))
        print(type(net).__module__)
    """
    printed = fresh_python.run(textwrap.dedent(code))
    assert printed.splitlines()[-1] == 'mmuniformer.models.uniformer'


def test_with_torch_and_mmengine_alone_the_networks_build_and_run(tmp_path):
    packages = Path(torch.__file__).parents[1]
    for entry in packages.iterdir():
        if not entry.name.startswith(
            ('mmcv', 'mmdet', 'mmseg', 'mmpose', 'mmaction', 'mmpretrain')
        ):
            (tmp_path / entry.name).symlink_to(entry)
    code = f"""
        import sys
        sys.path = [path for path in sys.path if not path.endswith('-packages')]
        sys.path += [{str(tmp_path)!r}, {str(Path(mmuniformer.__file__).parents[1])!r}]
        import importlib.util, torch
        assert importlib.util.find_spec('mmcv') is importlib.util.find_spec('mmaction') is None
        import mmuniformer
        from mmengine.registry import MODELS
        net = MODELS.build(dict(type='UniFormer', arch={ARCH})).eval()
        print(sum(out.numel() for out in net(torch.zeros(1, 3, 64, 64))))
    """
    assert run_python(code)[-1] == str(8 * (16**2 + 8**2 + 4**2 + 2**2))


def test_importing_the_plugin_imports_no_models_of_a_toolbox():
    code = """
        import sys, mmuniformer
        names = [n for n in sys.modules if n.split('.')[0] in
                 ('mmdet', 'mmseg', 'mmpose', 'mmpretrain') or n.startswith('mmaction.models')]
        print(len(names), names[:3])
    """
    assert run_python(code)[-1] == '0 []'
