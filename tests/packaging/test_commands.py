"""From a wheel in a folder that is no checkout, every command runs."""

import sys

import pytest
from wheels import PIP, run

from mmuniformer.cli import COMMANDS, GROUPS

# Command → arguments of its smallest form and words of what it prints, or why it is not run here.
SMALL_FORMS = {
    'train': 'tests/packaging/test_wheel.py trains',
    'test': 'tests/packaging/test_wheel.py tests what it trained',
    'zoo': (['list', '--task', 'pose'], '12 of 168 files'),
    'make-mini-data': (
        ['imagenet', '--train', '6', '--val', '6'],
        'data/mini/imagenet: train 6 pictures',
    ),
    'make-k710': 'needs the lists of Kinetics; tests/data/test_kinetics710.py has some',
    'make-label-maps': 'needs a trained classifier; tests/apis/test_label_maps.py has one',
    'doctor': (['mini_mask_rcnn_uniformer_s_h14'], 'mmuniformer make-mini-data coco'),
}
STATUS = {'doctor': 1}  # the data of the config is not there
RUN = [name for name in COMMANDS if not isinstance(SMALL_FORMS[name], str)]


@pytest.fixture(scope='module')
def mmuniformer(wheel, tmp_path_factory):
    """Run the installed console script in a folder of its own."""
    site = tmp_path_factory.mktemp('site')
    run(*PIP, 'install', '--no-deps', '--no-index', '--target', str(site), str(wheel), cwd=site)
    script = site / 'bin' / 'mmuniformer'
    folder = tmp_path_factory.mktemp('workshop')

    def run_command(*arguments: str, status: int = 0) -> str:
        words = [sys.executable, '-W', 'ignore', str(script), *arguments]
        return run(*words, cwd=folder, status=status, PYTHONPATH=str(site))

    return run_command


def test_every_command_is_known_here_and_stands_in_one_group():
    assert sorted(SMALL_FORMS) == sorted(COMMANDS)
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(COMMANDS)


@pytest.mark.parametrize('name', COMMANDS)
def test_the_help_of_a_command_has_an_example(name, mmuniformer):
    out = mmuniformer(name, '--help')
    assert out.startswith(f'usage: mmuniformer {name} ')
    assert f'  mmuniformer {name}' in out.partition('example')[2]


@pytest.mark.parametrize('name', RUN)
def test_the_small_form_of_a_command_runs(name, mmuniformer):
    arguments, words = SMALL_FORMS[name]
    assert words in mmuniformer(name, *arguments, status=STATUS.get(name, 0))
