"""The commands that the doctor advises: each is run, in an environment of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from wheels import PIP, run

from mmuniformer.doctor.facts import Facts
from mmuniformer.doctor.faults import FAULTS

# Word of a fault's name → what is installed after its command, and in which versions.
INSTALLED = {
    'refuse mmcv 2.2': {'mmcv-lite': '==2.1.0'},
    'before 1.2 refuses': {'mmaction2': '==1.2.0'},
    'OpenCV needs NumPy 2': {'opencv-python': '<4.12', 'opencv-contrib-python': '<4.12'},
    'built for another NumPy': {},
    'setuptools 82': {'setuptools': '<81'},
    'openmim 0.3.9': {'openmim': '==0.3.8', 'setuptools': '<81'},
    'with decord': {'av': ''},
    'moviepy 2': {'moviepy': '<2'},
    'ftfy and regex': {'ftfy': '', 'regex': ''},
}


def pip_faults() -> list:
    return [fault for fault in FAULTS if fault.tested and 'pip ' in fault.advice(Facts())]


@pytest.fixture(scope='module')
def python(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('advice')
    run(sys.executable, '-m', 'venv', '--without-pip', str(folder / 'venv'), cwd=folder)
    return folder / 'venv' / 'bin' / 'python'


def test_every_command_is_run_here_or_marked_as_never_run():
    names = [fault.name for fault in pip_faults()]
    assert len(names) == len(INSTALLED)
    assert all(sum(word in name for name in names) == 1 for word in INSTALLED)
    for fault in FAULTS:
        assert ('(no test has run this)' in fault.advice(Facts())) is not fault.tested


@pytest.mark.parametrize('word', INSTALLED)
def test_a_command_installs_what_the_fault_asks_for(word, python, tmp_path):
    (fault,) = [fault for fault in pip_faults() if word in fault.name]
    command = re.sub(r'  \(.*\)$', '', fault.advice(Facts()))
    pip = ' '.join([*PIP, '--python', str(python)])
    script = f'set -e\npip() {{ {pip} "$@"; }}\n{command.replace(";", chr(10))}'
    done = subprocess.run(
        ['bash', '-c', script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    listed = json.loads(
        run(*PIP, '--python', str(python), 'list', '--format', 'json', cwd=tmp_path)
    )
    versions = {item['name'].lower(): item['version'] for item in listed}
    for name, specifier in INSTALLED[word].items():
        assert SpecifierSet(specifier).contains(versions[name])
    assert 'xtcocotools' not in versions
