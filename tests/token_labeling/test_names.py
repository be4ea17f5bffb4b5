"""The classes are registered in mmpretrain, and importing the plugin does not import mmpretrain."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

import mmuniformer

HEADS = ('UniFormerClsHead', 'TokenLabelHead', 'HourglassClsHead')
BUILD = f"""
from mmengine.registry import init_default_scope
init_default_scope('mmpretrain')
from mmpretrain.registry import MODELS, TRANSFORMS
import mmuniformer.token_labeling as room
for scope in ('', 'mmuniformer.'):
    for name in {HEADS}:
        head = MODELS.build(dict(type=scope + name, num_classes=3, in_channels=8))
        assert type(head) is getattr(room, name), type(head)
    made = MODELS.build(dict(type=scope + 'TokenLabelDataPreprocessor', num_classes=3))
    assert type(made) is room.TokenLabelDataPreprocessor
    made = TRANSFORMS.build(dict(type=scope + 'LoadLabelMap', label_root='maps'))
    assert type(made) is room.LoadLabelMap
    made = TRANSFORMS.build(dict(type=scope + 'WithLabelMap', transforms=[]))
    assert type(made) is room.WithLabelMap
print('built')
"""


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize(
    'first', ['import mmuniformer', 'import mmpretrain.models, mmpretrain.datasets, mmuniformer']
)
def test_bare_and_scoped_names_build_whatever_is_imported_first(first):
    pytest.importorskip('mmpretrain')
    assert run(first + BUILD) == 'built'


def test_a_scoped_name_needs_no_import_of_the_plugin():
    pytest.importorskip('mmpretrain')
    code = """
        from mmpretrain.registry import MODELS
        head = MODELS.build(dict(type='mmuniformer.TokenLabelHead', num_classes=3, in_channels=8))
        print(type(head).__module__)
    """
    assert run(code) == 'mmuniformer.token_labeling.heads'


def test_the_package_is_registered_without_importing_mmpretrain():
    code = """
        import sys, mmuniformer, mmuniformer.token_labeling as room
        from mmengine.registry import MODELS
        assert MODELS.get('TokenLabelHead') and 'TokenLabelHead' in room.__all__
        print([name for name in sys.modules if name.startswith('mmpretrain')])
    """
    assert run(code) == '[]'


def test_without_mmpretrain_an_error_names_it(tmp_path):
    packages = Path(torch.__file__).parents[1]
    for entry in packages.iterdir():
        if not entry.name.startswith('mmpretrain'):
            (tmp_path / entry.name).symlink_to(entry)
    code = f"""
        import sys
        sys.path = [path for path in sys.path if not path.endswith('-packages')]
        sys.path += [{str(tmp_path)!r}, {str(Path(mmuniformer.__file__).parents[1])!r}]
        import mmuniformer
        from mmengine.registry import MODELS
        try:
            MODELS.build(dict(type='TokenLabelHead', num_classes=3, in_channels=8))
        except ModuleNotFoundError as error:
            print(error)
    """
    assert run(code) == "No module named 'mmpretrain'"


def test_an_unknown_attribute_raises_an_attribute_error():
    import mmuniformer.token_labeling as room

    with pytest.raises(AttributeError, match='Nonsense'):
        _ = room.Nonsense
