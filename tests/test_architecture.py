"""Imports point down only, and scripts in tools/ hold no code of their own."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmuniformer.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = 'mmuniformer'
TOOLBOXES = {'mmcv', 'mmdet', 'mmseg', 'mmpose', 'mmaction', 'mmpretrain'}

# Room → the rooms it may import besides itself. Files beside the rooms are rooms of their own.
BELOW = {
    'version': set(),
    'registry': set(),
    'layers': set(),
    'weights': set(),
    'models': {'layers', 'weights', 'registry'},
    'engine': {'models', 'layers', 'weights', 'registry'},
    'visualization': {'models', 'layers', 'weights', 'registry'},
    'token_labeling': {'models', 'layers', 'weights', 'registry'},
    'integrations': {
        *('token_labeling', 'engine', 'visualization', 'models', 'layers', 'weights', 'registry'),
    },
    'recipes': {'weights'},
    'data': {'models', 'layers', 'weights', 'registry'},
    'apis': {
        *('data', 'doctor', 'integrations', 'token_labeling', 'engine', 'visualization'),
        *('models', 'layers', 'weights', 'registry'),
    },
    'doctor': set(),
    'cli': {'apis', 'data', 'doctor', 'integrations', 'engine', 'models', 'weights', 'registry'},
    '__init__': {'integrations', 'models', 'registry', 'version'},
    '__main__': {'cli'},
}
# Rooms that know these packages and the standard library alone.
KNOWS_ALONE = {
    'version': set(),
    'registry': {'mmengine'},
    'layers': {'torch'},
    'weights': {'torch'},
    'models': {'torch', 'mmengine'},
    'recipes': set(),
    'doctor': set(),
}
KNOWS_TOOLBOXES = {'apis', 'integrations', 'token_labeling'}


def imported_modules(source: str, package: list[str]) -> Iterator[tuple[int, str]]:
    """Give line and absolute name of all that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split('.') if node.module else [])]
            for alias in node.names:
                yield node.lineno, '.'.join([*base, alias.name])
        elif isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, 'attr', getattr(node.func, 'id', None))
            target = getattr(node.args[0], 'value', None)
            if name in ('import_module', '__import__') and isinstance(target, str):
                yield node.lineno, target


def complaint(room: str, module: str) -> str | None:
    top, *rest = module.split('.')
    if top == PACKAGE:
        other = rest[0] if rest and rest[0] in BELOW else '__init__'
        if other in (room, 'version') or other in BELOW[room]:
            return None
        return f'{room} imports {other}'
    if top in sys.stdlib_module_names or top == '__future__':
        return None
    if room in KNOWS_ALONE and top not in KNOWS_ALONE[room]:
        return f'{room} imports {top}'
    if top in TOOLBOXES and room not in KNOWS_TOOLBOXES:
        return f'{room} imports {top}'
    return None


def find_violations(root: Path) -> list[str]:
    violations = []
    for path in sorted((root / PACKAGE).rglob('*.py')):
        parts = path.relative_to(root).with_suffix('').parts
        if '.mim' in parts:
            continue
        if parts[1] not in BELOW:
            violations.append(f'{path.relative_to(root)}: {parts[1]} is no room of the package')
            continue
        for line, module in imported_modules(path.read_text(encoding='utf-8'), list(parts[:-1])):
            if problem := complaint(parts[1], module):
                violations.append(f'{path.relative_to(root)}:{line}: {problem}')
    return violations


def test_imports_of_the_package_point_down():
    assert find_violations(ROOT) == []


@pytest.mark.parametrize(
    ('file', 'source', 'problem'),
    [
        ('layers/a.py', 'import numpy', 'layers imports numpy'),
        ('layers/a.py', 'from ..weights import load', 'layers imports weights'),
        ('layers/a.py', 'from mmuniformer.models import UniFormer', 'layers imports models'),
        ('weights/a.py', 'from mmengine.logging import print_log', 'weights imports mmengine'),
        ('models/a.py', 'def f():\n    from .. import integrations', 'models imports integrations'),
        ('models/deep/a.py', 'from ...engine import hooks', 'models imports engine'),
        ('models/a.py', 'import mmuniformer', 'models imports __init__'),
        ('engine/a.py', 'from ..visualization import cam', 'engine imports visualization'),
        ('visualization/a.py', 'import mmcv', 'visualization imports mmcv'),
        ('engine/a.py', 'x = __import__("mmdet")', 'engine imports mmdet'),
        ('cellar/a.py', '', 'cellar is no room of the package'),
    ],
)
def test_an_import_that_points_up_or_sideways_is_found(tmp_path, file, source, problem):
    path = tmp_path / PACKAGE / file
    path.parent.mkdir(parents=True)
    path.write_text(source)
    violations = find_violations(tmp_path)
    assert len(violations) == 1
    assert problem in violations[0]


def test_what_a_room_may_import_is_not_complained_about(tmp_path):
    allowed = {
        'layers/a.py': 'import torch\nfrom .b import B\nfrom functools import partial',
        'models/a.py': 'from ..layers import nd\nfrom ..registry import MODELS\nimport mmengine',
        'token_labeling/a.py': 'from mmpretrain.registry import MODELS\nfrom ..models import arch',
        'integrations/a.py': 'import mmcv\nfrom .. import engine\nfrom ..visualization import cam',
    }
    for file, source in allowed.items():
        path = tmp_path / PACKAGE / file
        path.parent.mkdir(parents=True)
        path.write_text(source)
    assert find_violations(tmp_path) == []


TOOLS = ROOT / 'tools'
SCRIPTS = sorted(TOOLS.glob('*.py'))
SCRIPT_LINES = 10  # not empty
TOOLS_LINES = 700  # of Python, without tools/dev
READS_TESTS = re.compile(r"""['"/]tests/|/ ['"]tests['"]""")


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_a_few_lines_and_imports_no_other_script(script):
    source = script.read_text()
    assert sum(map(bool, source.splitlines())) <= SCRIPT_LINES
    assert "if __name__ == '__main__':\n" in source  # processes of data loaders import the script
    tops = {module.split('.')[0] for _, module in imported_modules(source, [])}
    assert tops <= {PACKAGE, 'sys', 'pathlib'}


def test_there_is_a_script_for_each_command_and_it_calls_that_command():
    for name in COMMANDS:
        source = (TOOLS / f'{name.replace("-", "_")}.py').read_text()
        assert f"run('{name}')" in source or f"'{name}'" in source


def test_the_scripts_together_are_few_lines():
    paths = [path for path in TOOLS.rglob('*.py') if TOOLS / 'dev' not in path.parents]
    assert sum(len(path.read_text().splitlines()) for path in paths) <= TOOLS_LINES


def test_nothing_outside_of_tests_reads_tests():
    paths = [*(ROOT / PACKAGE).rglob('*.py'), *TOOLS.rglob('*.py')]
    assert [str(path) for path in paths if READS_TESTS.search(path.read_text())] == []
