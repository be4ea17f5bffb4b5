"""What ``from mmuniformer.apis import NAME`` gives, and what it does not import."""

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from mmuniformer import apis

HEAVY = ('matplotlib', 'onnx', 'onnxruntime', 'pytorch_grad_cam', 'gradio', 'mmdet', 'mmpretrain')


@pytest.mark.parametrize('name', apis.__all__)
def test_a_public_name_is_no_module_even_if_one_has_the_same_name(name):
    if importlib.util.find_spec(f'mmuniformer.apis.{name}'):
        importlib.import_module(f'mmuniformer.apis.{name}')
    value = getattr(apis, name)
    assert callable(value) and not isinstance(value, ModuleType)
    assert value.__doc__


def test_toolboxes_and_optional_packages_are_imported_when_they_are_needed():
    code = f'import sys, mmuniformer.apis; print([m for m in {HEAVY} if m in sys.modules])'
    command = [sys.executable, '-W', 'ignore', '-c', code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
