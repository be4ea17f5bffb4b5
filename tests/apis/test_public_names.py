"""mmuniformer.apis has its public names, and does not import what most of them do without."""

import subprocess
import sys
from types import ModuleType

import pytest

from mmuniformer import apis

HEAVY = ('matplotlib', 'onnx', 'onnxruntime', 'pytorch_grad_cam', 'gradio', 'mmdet', 'mmpretrain')


@pytest.mark.parametrize('name', apis.__all__)
def test_a_public_name_is_a_function_or_class_with_a_docstring(name):
    value = getattr(apis, name)
    assert callable(value) and not isinstance(value, ModuleType)
    assert value.__doc__


def test_toolboxes_and_optional_packages_are_imported_when_they_are_needed():
    code = f'import sys, mmuniformer.apis; print([m for m in {HEAVY} if m in sys.modules])'
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True
    )
    assert done.stdout.strip() == '[]'
