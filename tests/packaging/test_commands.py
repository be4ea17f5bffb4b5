"""From a wheel in a folder that is no checkout, every command runs."""

import sys

import pytest
from wheels import run

from mmuniformer.cli import COMMANDS, describe_commands

# Command → arguments of its smallest form and words of what it prints, or why it is not run here.
SMALL_FORMS = {
    'train': 'tests/packaging/test_wheel.py trains',
    'test': 'tests/packaging/test_wheel.py tests what it trained',
    'demo': 'needs a trained model; tests/cli/test_demo.py has one',
    'web': 'needs a trained model; tests/cli/test_web.py has one',
    'visualize': (['affinity', 'mini_uniformer_s_in1k', 'random', '--out', 'a.png'], 'a.png'),
    'export': (
        ['mini_uniformer_s_in1k', 'random', '--out', 'model.pt2', '--format', 'torch_export']
        + ['--fixed-size', '64', '64'],
        '3×3×64×64: ',
    ),
    'complexity': (['mini_fpn_uniformer_s_h14', '--shape', '64', '64'], 'one input of 64×64'),
    'memory': (['mini_fpn_uniformer_s_h14', '--shape', '64', '64'], 'hybrid (as stated)'),
    'benchmark': (['--input', '64x64', '--rounds', '1', '--nets', 'none'], 'benchmark.json'),
    'reproduce': (['light_seg', '--no-latency'], 'written: work_dirs/reproduce/report.md'),
    'zoo': (['list', '--task', 'pose'], '12 of 168 files'),
    'config': (['uniformer_s_16x4_k400'], "arch='small'"),
    'convert': 'needs a released file; tests/cli/test_convert.py writes some',
    'permute-head': 'needs a released file; tests/cli/test_permute_head.py writes some',
    'make-mini-data': (
        ['imagenet', '--train', '6', '--val', '6'],
        'data/mini/imagenet: train 6 images',
    ),
    'make-k710': 'needs the lists of Kinetics; tests/data/test_kinetics710.py has some',
    'make-label-maps': 'needs a trained classifier; tests/apis/test_label_maps.py has one',
    'doctor': (['mini_mask_rcnn_uniformer_s_h14'], 'mmuniformer make-mini-data coco'),
}
STATUS = {'doctor': 1}  # the data of the config is not there
RUN = [name for name in COMMANDS if not isinstance(SMALL_FORMS[name], str)]


HELP = """
import sys
from mmuniformer import cli
for name in cli.COMMANDS:
    print('== ' + name, flush=True)
    try:
        cli.main([name, '--help'])
    except SystemExit as stop:
        assert stop.code == 0
"""


@pytest.fixture(scope='module')
def run_python(site, tmp_path_factory):
    """Run Python with the wheel installed, in a folder that is no checkout."""
    folder = tmp_path_factory.mktemp('workshop')

    def run_in_folder(first: str, *words: str, status: int = 0) -> str:
        if first == 'mmuniformer':
            first = str(site / 'bin' / first)
        python = (sys.executable, '-W', 'ignore')
        return run(*python, first, *words, cwd=folder, status=status, PYTHONPATH=str(site))

    return run_in_folder


def test_every_command_is_known_here():
    assert sorted(SMALL_FORMS) == sorted(COMMANDS)


def test_every_command_explains_itself(run_python):
    texts = run_python('-c', HELP).split('== ')[1:]
    assert len(texts) == len(COMMANDS)
    for name, text in zip(COMMANDS, texts, strict=True):
        assert text.startswith(f'{name}\nusage: mmuniformer {name} ')


@pytest.mark.parametrize('name', RUN)
def test_the_small_form_of_a_command_runs(name, run_python):
    arguments, words = SMALL_FORMS[name]
    assert words in run_python('mmuniformer', name, *arguments, status=STATUS.get(name, 0))


def test_the_commands_run_as_a_module_too(run_python):
    assert run_python('-m', 'mmuniformer', '--help') == f'{describe_commands()}\n'
