"""The command line: its commands, and how configs are found."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from mmuniformer import cli
from mmuniformer.apis.configs import find_config
from mmuniformer.cli import COMMANDS
from mmuniformer.weights import CheckpointError


@pytest.fixture(autouse=True)
def same_argv(monkeypatch):
    monkeypatch.setattr(sys, 'argv', sys.argv)


def test_help_lists_every_command_with_what_it_does():
    command = [sys.executable, '-W', 'ignore', '-m', 'mmuniformer', '--help']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for name, text in COMMANDS.items():
        assert f'{name} ' in done.stdout and text in done.stdout


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_explains_itself_with_an_example(name, capsys):
    with pytest.raises(SystemExit, match='0'):
        cli.main([name, '--help'])
    out = capsys.readouterr().out
    assert out.startswith(f'usage: mmuniformer {name} ')
    assert f'  mmuniformer {name}' in out


def test_no_command_is_refused_with_all_there_are(capsys):
    with pytest.raises(SystemExit, match='2'):
        cli.main([])
    assert capsys.readouterr().err == f'{cli.describe_commands()}\n'


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('trian', 'did you mean train? '),
        ('make-mini', 'did you mean make-mini-data? '),
        ('fly', ''),
    ],
)
def test_an_unknown_command_is_refused_with_similar_ones(name, hint, capsys):
    with pytest.raises(SystemExit, match='2'):
        cli.main([name])
    wanted = f'error: there is no command {name!r}; {hint}mmuniformer --help lists all\n'
    assert capsys.readouterr().err == wanted


@pytest.fixture
def raising(monkeypatch):
    """Make the command ``zoo`` raise an error, from a module of a given name."""

    def prepare(error: Exception, module: str) -> None:
        scope = {'__name__': module, 'error': error}
        exec('def main(argv):\n    raise error', scope)
        monkeypatch.setattr('mmuniformer.cli.zoo.main', scope['main'])

    return prepare


@pytest.mark.parametrize(
    ('error', 'module'),
    [
        (ValueError('head_dim is 3'), 'mmuniformer.models.arch'),
        (CheckpointError('a.pth is damaged'), 'mmuniformer.weights.load'),
        (FileExistsError('out is there already'), 'mmuniformer.apis.zoo'),
        (ImportError('this needs onnx: pip install onnx'), 'mmuniformer.apis.export'),
        (FileNotFoundError(2, 'No such file or directory', 'a.json'), 'json'),
    ],
)
def test_what_the_library_refuses_is_one_line_and_status_2(error, module, raising, capsys):
    raising(error, module)
    with pytest.raises(SystemExit, match='2'):
        cli.run('zoo', [])
    assert capsys.readouterr().err == f'error: {error}\n'


@pytest.mark.parametrize(
    ('error', 'module'),
    [
        (ValueError('Input contains NaN'), 'mmdet.models'),
        (ValueError('x'), 'mmuniformer_of_somebody_else'),
        (RuntimeError('CUDA out of memory'), 'mmuniformer.models.uniformer'),
    ],
)
def test_other_errors_keep_their_traceback(error, module, raising):
    raising(error, module)
    with pytest.raises(type(error), match=str(error)):
        cli.run('zoo', [])


def test_a_command_that_reports_a_failure_ends_with_its_status(monkeypatch):
    monkeypatch.setattr('mmuniformer.cli.zoo.main', lambda argv: 1)
    with pytest.raises(SystemExit, match='1'):
        cli.run('zoo', [])


def test_the_warning_that_pkg_resources_is_old_is_not_shown(monkeypatch):
    def main(argv):
        warnings.warn('pkg_resources is deprecated as an API.', stacklevel=1)
        warnings.warn('another', stacklevel=1)

    monkeypatch.setattr('mmuniformer.cli.zoo.main', main)
    with warnings.catch_warnings(record=True) as shown:
        warnings.resetwarnings()
        cli.run('zoo', [])
    assert [str(each.message) for each in shown] == ['another']


@pytest.mark.parametrize('name', ['mini_fpn_uniformer_s_h14', 'mini_fpn_uniformer_s_h14.py'])
def test_a_config_is_found_by_its_name_alone(name, repo_root):
    assert find_config(name) == repo_root / 'configs/seg/mini_fpn_uniformer_s_h14.py'


def test_a_path_comes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'mini_fpn_uniformer_s_h14.py').write_text('')
    assert find_config('mini_fpn_uniformer_s_h14.py') == Path('mini_fpn_uniformer_s_h14.py')


@pytest.mark.parametrize('name', ['coco_1x', 'no_such', 'some/no_such.py', ''])
def test_a_base_or_an_unknown_name_is_refused(name):
    with pytest.raises(FileNotFoundError, match='there is no config file'):
        find_config(name)
