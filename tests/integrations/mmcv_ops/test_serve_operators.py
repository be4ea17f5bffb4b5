"""Who serves ``mmcv._ext``: the compiled module where it loads, ours everywhere else."""

import ast
import importlib.machinery
import importlib.util
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from compiled_ext import find_compiled, served

from mmuniformer.integrations.mmcv_ops import extension

ROOT = Path(extension.__file__).parents[3]
MMCV = Path(importlib.util.find_spec('mmcv').origin).parent
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
# The room without the rest of the package, which imports the toolboxes.
SERVE = f"""
import sys, types
for name in ('mmuniformer', 'mmuniformer.integrations'):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [{str(ROOT)!r} + '/' + name.replace('.', '/')]
from mmuniformer.integrations.mmcv_ops import serve_operators
serve_operators(), serve_operators()
"""


@pytest.fixture
def mmcv_copy(tmp_path) -> Path:
    """mmcv's Python files without a compiled module, in a folder of their own."""
    copy = tmp_path / 'mmcv'
    copy.mkdir()
    for entry in MMCV.iterdir():
        if not entry.name.startswith(('_ext', '__pycache__')):
            (copy / entry.name).symlink_to(entry)
    return copy


@pytest.fixture
def empty_mmcv(tmp_path) -> Path:
    folder = tmp_path / 'mmcv'
    folder.mkdir()
    (folder / '__init__.py').touch()
    return folder


@pytest.fixture
def python(run, user_env):
    """Run code in a new process in which ``mmcv._ext`` is served, packages in a folder first."""

    def run_code(folder: Path | str, code: str, check: bool = True):
        path = f'PYTHONPATH={folder}:{user_env["PYTHONPATH"]}'
        return run('env', path, sys.executable, '-c', SERVE + code, check=check)

    return run_code


def names_mmcv_asks_for() -> set[str]:
    names = set()
    for path in (MMCV / 'ops').glob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith('load_ext'):
                names |= set(ast.literal_eval(node.args[1]))
    return names


def test_every_name_that_mmcv_asks_for_is_there_and_only_those_are_served():
    public = {name for name in vars(served()) if not name.startswith('_')}
    wanted = names_mmcv_asks_for()
    assert public < wanted and len(public) == 40
    assert all(callable(getattr(served(), name)) for name in wanted)
    with pytest.raises(AttributeError, match="'mmcv._ext' has no attribute '__path__'"):
        _ = served().__path__


def test_an_operator_that_is_not_served_says_so_and_what_to_do():
    with pytest.raises(NotImplementedError, match=r'^knn_forward is .*--stack compiled.*2\.1\.0'):
        served().knn_forward(1, x=2)


def test_the_served_module_says_who_it_is():
    assert served().__served_by__ == 'mmuniformer'
    assert served().get_compiler_version() == 'none, served by mmuniformer'
    assert served().get_compiling_cuda_version() == 'not available'


def test_an_mmcv_without_a_compiled_module_gets_ours(python, mmcv_copy):
    done = python(
        mmcv_copy.parent,
        """
names = [type(finder).__name__ for finder in sys.meta_path]
assert names[0] == '_ExtensionFinder' and names.count('_ExtensionFinder') == 1
assert 'mmcv' not in sys.modules and 'mmcv._ext' not in sys.modules
import importlib.util
spec = importlib.util.find_spec('mmcv._ext')
assert spec.name == 'mmcv._ext' and 'mmcv._ext' not in sys.modules
import torch, mmcv
from mmcv.ops import RoIAlign, nms, get_compiler_version
from mmcv.utils.ext_loader import check_ops_exist
print(mmcv.__file__)
print(sys.modules['mmcv._ext'].__served_by__, get_compiler_version())
print(nms(torch.tensor([[0, 0, 2, 2.0]]), torch.ones(1), 0.5)[1].tolist())
print(sys.modules['mmcv._ext'].__spec__.origin, hasattr(sys.modules['mmcv._ext'], '__file__'))
if sys.version_info < (3, 14):
    assert check_ops_exist()
""",
    )
    assert done.stdout.splitlines() == [
        str(mmcv_copy / '__init__.py'),
        'mmuniformer none, served by mmuniformer',
        '[0]',
        'mmuniformer.integrations.mmcv_ops False',
    ]


def test_a_compiled_module_that_does_not_load_is_replaced_with_one_warning(python, empty_mmcv):
    broken = empty_mmcv / f'_ext{SUFFIX}'
    broken.write_text('no library')
    done = python(
        empty_mmcv.parent,
        """
import mmcv._ext
print('served by', mmcv._ext.__served_by__, mmcv._ext.__spec__.origin)
print(hasattr(mmcv._ext, '__file__'), mmcv._ext is sys.modules['mmcv._ext'])
""",
    )
    assert 'served by mmuniformer mmuniformer.integrations.mmcv_ops\nFalse True\n' in done.stdout
    warnings = [line for line in (done.stdout + done.stderr).splitlines() if 'WARNING' in line]
    assert len(warnings) == 1
    assert f'{broken} does not load' in warnings[0]


def test_a_module_that_fails_while_it_runs_is_replaced_too(python, empty_mmcv):
    (empty_mmcv / '_ext.py').write_text('raise ImportError("undefined symbol: _ZN2at")')
    done = python(empty_mmcv.parent, 'import mmcv._ext; print(mmcv._ext.__served_by__)')
    assert done.stdout.splitlines()[-1] == 'mmuniformer'
    assert (done.stdout + done.stderr).count('undefined symbol: _ZN2at') == 1


def test_a_module_that_loads_is_left_alone(python, empty_mmcv):
    (empty_mmcv / '_ext.py').write_text('def nms():\n    return 1')
    done = python(
        empty_mmcv.parent,
        """
import mmcv._ext as e
print(e.nms(), hasattr(e, '__served_by__'), e.__file__, type(e.__loader__).__name__)
print(type(e.__spec__.loader).__name__, 'mmuniformer.integrations.mmcv_ops.nms' in sys.modules)
""",
    )
    loader = 'SourceFileLoader'
    assert done.stdout.splitlines() == [
        f'1 False {empty_mmcv / "_ext.py"} {loader}',
        f'{loader} False',
    ]


@pytest.mark.skipif(find_compiled() is None, reason='mmcv has no compiled operators here')
def test_the_compiled_module_is_the_one_python_finds(python):
    done = python(
        '',
        """
import mmcv._ext as e
print(e.__file__, type(e.__loader__).__name__, type(e.__spec__.loader).__name__)
print(type(e.nms).__name__, hasattr(e, '__served_by__'))
""",
    )
    assert done.stdout.splitlines() == [
        f'{find_compiled().__file__} ExtensionFileLoader ExtensionFileLoader',
        'builtin_function_or_method False',
    ]


MISFIT = re.compile(
    r'the operators of mmcv need a torchvision that fits torch, found torch (\S+) and torchvision '
    r'(\S+) \((.*)\); .*: `pip install --force-reinstall torch torchvision`$'
)


@pytest.mark.parametrize(
    ('torchvision', 'reason'),
    [
        ('raise RuntimeError("operator torchvision::nms does not exist")', 'torchvision::nms does'),
        ('', "no attribute 'nms'"),
    ],
)
def test_a_torchvision_for_another_torch_is_named_with_the_way_to_repair_it(
    python, empty_mmcv, torchvision, reason
):
    folder = empty_mmcv.parent / 'torchvision'
    folder.mkdir()
    (folder / '__init__.py').write_text(torchvision)
    done = python(empty_mmcv.parent, 'import mmcv._ext', check=False)
    last = done.stderr.splitlines()[-1]
    found = MISFIT.search(last)
    assert last.startswith('ImportError: ')
    assert found[1] == version('torch') and found[2] == version('torchvision')
    assert reason in found[3]


def test_a_missing_torchvision_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torchvision', None)
    monkeypatch.setattr(extension, '_version', lambda package: 'none')
    with pytest.raises(ImportError, match=MISFIT.pattern) as raised:
        extension.make_extension()
    assert 'torchvision none' in str(raised.value)
    assert raised.value.name == 'mmcv._ext'


def test_the_version_of_a_missing_package_is_none():
    assert extension._version('no-such-package') == 'none'
