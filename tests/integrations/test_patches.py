"""The table of patches is complete, agrees with the documentation, and is what is applied."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from mmuniformer.doctor.environment import print_patches
from mmuniformer.doctor.facts import Facts
from mmuniformer.integrations import patches
from mmuniformer.integrations.patches import PATCHES, table

ROOT = Path(__file__).resolve().parents[2]


def test_the_documentation_has_the_rows_of_the_table():
    page = (ROOT / 'docs' / 'install.md').read_text(encoding='utf-8')
    lines = page.partition('| fault | what is changed |')[2].splitlines()[2:]
    rows = [line.strip('| ').split(' | ') for line in lines[: lines.index('')]]
    assert rows == [[patch.fault, patch.change, f'`{patch.symptom}`'] for patch in PATCHES]


def test_every_function_of_the_table_exists():
    for patch in PATCHES:
        module, _, function = patch.function.rpartition('.')
        name = 'mmuniformer.integrations' + (f'.{module}' if module else '')
        if patch.when == 'start':
            assert (ROOT / f'{patch.function}.py').is_file()
        else:
            assert callable(getattr(importlib.import_module(name), function))


def test_the_functions_run_in_the_order_of_the_table(monkeypatch):
    called = []
    for patch in PATCHES:
        if patch.when == 'import':
            module, _, function = patch.function.rpartition('.')
            home = importlib.import_module(f'mmuniformer.integrations.{module}')
            monkeypatch.setattr(home, function, lambda name=patch.function: called.append(name))
    patches.apply_patches()
    assert called == [patch.function for patch in PATCHES if patch.when == 'import']
    assert len(called) == len(PATCHES) - 4


def test_every_function_that_changes_another_library_is_in_the_table():
    """Each module of the folders is named by a row, or is one of those that the rows use."""
    rooms = Path(table.__file__).parents[1]
    files = {
        f'{path.parent.name}.{path.stem}'
        for folder in ('patches', 'fallbacks')
        for path in (rooms / folder).glob('[a-z]*.py')
    }
    helpers = {'patches.table', 'patches.after_import', 'fallbacks.finder'}
    named = {patch.function.rpartition('.')[0] for patch in PATCHES}
    assert files - helpers == named & files and helpers <= files


@pytest.mark.parametrize(('switch', 'state'), [('0', 'off'), ('1', 'needed here')])
def test_the_doctor_prints_the_table_with_what_is_needed_here(switch, state, monkeypatch, capsys):
    monkeypatch.setenv('MMUNIFORMER_PATCHES', switch)
    print_patches(Facts(versions={'mmpose': '1.3.2', 'mmaction2': '1.2.0'}))
    lines = capsys.readouterr().out.splitlines()[2:]
    assert lines[1::2] == [f'    because {patch.fault}' for patch in PATCHES]
    states = {}
    for line, patch in zip(lines[::2], PATCHES, strict=True):
        change, _, states[patch.function] = line.rpartition(': ')
        assert change == f'- {patch.change}'
    assert states['fallbacks.missing.install_xtcocotools'] == state
    assert states['patches.keypoints.convert_keypoint_radius'] == 'not needed here'
    assert states['mmaction2.register_bare_names'] == 'needed here'


def test_the_table_is_read_with_the_standard_library_alone():
    file = Path(table.__file__)
    code = f'import runpy; print(len(runpy.run_path({str(file)!r}, run_name="table")["PATCHES"]))'
    code = f'import sys, types; sys.modules["table"] = types.ModuleType("table"); {code}'
    command = [sys.executable, '-I', '-S', '-c', code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [str(len(PATCHES))]
