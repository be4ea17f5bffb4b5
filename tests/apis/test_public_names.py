"""What ``from mmuniformer.apis import NAME`` gives, and what it does not import."""

import importlib.util
import subprocess
import sys

import pytest

from mmuniformer import apis

HEAVY = ('matplotlib', 'onnx', 'onnxruntime', 'pytorch_grad_cam', 'gradio', 'mmdet', 'mmpretrain')


@pytest.mark.parametrize('name', apis.__all__)
def test_a_public_name_is_documented_and_no_module_has_the_same_name(name):
    assert importlib.util.find_spec(f'mmuniformer.apis.{name}') is None
    assert getattr(apis, name).__doc__


def test_toolboxes_and_optional_packages_are_imported_when_they_are_needed():
    code = f'import sys, mmuniformer.apis; print([m for m in {HEAVY} if m in sys.modules])'
    command = [sys.executable, '-W', 'ignore', '-c', code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
