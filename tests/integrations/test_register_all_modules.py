"""What importing the plugin does as a whole, and what it needs for that."""

import importlib.util

import numpy as np
import pytest
from fresh_python import run_python
from hidden_modules import hiding

STATE = """
import mmuniformer
import sys
import numpy as np, torch
import mmengine.dist.utils as dist
from mmengine.logging import HistoryBuffer
from mmengine.registry import MODELS
named = [each for each in torch.serialization.get_safe_globals() if isinstance(each, tuple)]
print(
    any('mmuniformer' in type(each).__module__ for each in sys.meta_path),
    'Inf' in vars(np),
    hasattr(dist._init_dist_pytorch, 'patched_by_mmuniformer'),
    any(each[:1] == (HistoryBuffer,) for each in named),
    MODELS.get('UniFormer').__name__,
)
"""


def test_with_patches_off_the_names_are_registered_and_nothing_else_is_done():
    off, on = (run_python(STATE, MMUNIFORMER_PATCHES=switch)[-1] for switch in ('0', '1'))
    old = np.lib.NumpyVersion(np.__version__) < '2.0.0'
    has_name = old or importlib.util.find_spec('mmaction') is not None
    assert off == f'False {old} False False UniFormer'
    assert on == f'True {has_name} True True UniFormer'


def test_registering_again_changes_nothing():
    code = """
import sys, mmuniformer
finders = list(sys.meta_path)
mmuniformer.integrations.register_all_modules()
print(finders == sys.meta_path)
"""
    assert run_python(code)[-1] == 'True'


def test_without_mmengine_the_import_says_what_to_install():
    expected = (
        r'ImportError: mmuniformer needs mmengine; pip install mmengine \(or onedl-mmengine\)$'
    )
    with pytest.raises(AssertionError, match=expected):
        run_python(hiding('mmengine') + 'import mmuniformer')
