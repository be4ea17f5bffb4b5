"""The command line: its commands, and how configs are found."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmuniformer.apis.configs import find_config
from mmuniformer.cli import COMMANDS


def mmuniformer_command(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, '-W', 'ignore', '-m', 'mmuniformer', *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_what_it_does():
    done = mmuniformer_command('--help')
    assert done.returncode == 0
    for name, text in COMMANDS.items():
        assert f'{name} ' in done.stdout and text in done.stdout


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_explains_itself(name):
    done = mmuniformer_command(name, '--help')
    assert done.returncode == 0
    assert done.stdout.startswith(f'usage: mmuniformer {name} ')
    assert '--cfg-options' in done.stdout


@pytest.mark.parametrize('arguments', [(), ('fly',)])
def test_no_command_or_an_unknown_one_is_refused_with_those_there_are(arguments):
    done = mmuniformer_command(*arguments)
    assert done.returncode == 2
    assert 'COMMAND' in done.stderr


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
