"""Report installed versions, compared with the tested ones, failing imports and known faults."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .facts import IMPORTS, MAIN_JOB, PACKAGE, PARTS, SAME_MODULES, Facts, release
from .faults import FAULTS, IMPORT_US, PATCHES
from .process import run_python

CHECKOUT = PACKAGE.parent
# In an installed package, and in a checkout.
REQUIREMENTS = (PACKAGE / '.mim' / 'requirements', CHECKOUT / 'requirements')
# Imported without the patches of mmuniformer.
WITHOUT_PLUGIN = ('torch', 'torchvision', 'mmengine', 'openmim')


def find_module(module: str) -> Path | None:
    """Find the folder of a module without importing it."""
    # The start-up file of mmuniformer would import it when a toolbox is searched for.
    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != '_mmuniformer']
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def find_version(folder: Path, distributions: list[str]) -> tuple[str, str]:
    """Return version and distribution; a source tree on PYTHONPATH has no distribution."""
    for name in distributions:
        if version := installed_version(name):
            return version, name
    for source in (folder / 'version.py', folder / '__init__.py'):
        text = source.read_text(encoding='utf-8') if source.is_file() else ''
        if match := re.search(r'^__version__\s*=\s*[\'"]([^\'"]+)', text, re.MULTILINE):
            return match.group(1), ''
    return 'unknown', ''


def installed_version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def try_import(part: str, with_plugin: bool) -> tuple[bool, str]:
    plugin = 'import mmuniformer; ' if with_plugin and part not in WITHOUT_PLUGIN else ''
    return run_python(plugin + IMPORTS[part])


def gather() -> Facts:
    by_module = importlib.metadata.packages_distributions()
    folders, versions, distributions = {}, {}, {}
    for part, module in PARTS.items():
        if (folder := find_module(module)) is not None:
            folders[module] = folder
            names = by_module.get(module, [])
            versions[part], distributions[part] = find_version(folder, names)
    wanted = [part for part in IMPORTS if part in versions]
    with_plugin = {'torch', 'mmengine', 'mmuniformer'} <= versions.keys()
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(lambda part: try_import(part, with_plugin), wanted))
    imports = dict(zip(wanted, results, strict=True))
    output = {part: text for part, (_, text) in imports.items()}
    failed = frozenset(part for part, (ok, _) in imports.items() if not ok)
    owners = {
        module: tuple(filter(installed_version, names)) for module, names in SAME_MODULES.items()
    }
    return Facts(
        versions, distributions, owners, folders=folders, import_output=output,
        failed_imports=failed,
    )  # fmt: skip


def tested_versions(stack: str) -> dict[str, str]:
    """Read the constraints of a stack for this Python: part → tested version or bound."""
    paths = [folder / f'constraints-{stack}.txt' for folder in REQUIREMENTS]
    tested: dict[str, str] = {}
    for line in [line for path in paths if path.is_file() for line in path.read_text().split('\n')]:
        if included := re.match(r'-c constraints-(\w+)\.txt', line):
            tested |= tested_versions(included[1])
        requirement, _, marker = line.partition('#')[0].partition(';')
        match = re.match(r'([\w.-]+?)((?:==|<).+)', requirement.strip())
        if match and holds(marker):
            tested[match[1]] = match[2]
    tested['opencv'] = tested.get('opencv-python', '')
    return tested


def holds(marker: str) -> bool:
    """Return whether a marker such as ``python_version >= '3.11'`` is true of this Python."""
    match = re.search(r"python_version (==|>=|<) '([\d.]+)'", marker)
    if match is None:
        return True
    here, there = sys.version_info[:2], release(match[2])
    return {'==': here == there, '>=': here >= there, '<': here < there}[match[1]]


def is_tested(version: str, spec: str) -> bool:
    if spec.startswith('<'):
        return release(version) < release(spec[1:])
    return release(version) == release(spec[2:])


def make_rows(facts: Facts) -> list[tuple[str, str, str, str]]:
    tested = tested_versions(facts.stack)
    rows = [('python', platform.python_version(), '3.10 to 3.13', '')]
    for part in PARTS:
        spec = tested.get(part, '')
        if part not in facts.versions:
            rows.append((part, 'absent', spec.removeprefix('=='), ''))
            continue
        version, distribution = facts.versions[part], facts.distributions[part]
        spec = tested.get(distribution, spec)
        is_other = distribution.startswith('onedl') or distribution == 'mmcv-lite'
        found = f'{version} ({distribution})' if is_other else version
        remarks = [] if not spec or is_tested(version, spec) else ['not the tested version']
        if part in IMPORTS:
            remarks.insert(0, 'IMPORT FAILS' if part in facts.failed_imports else 'imports')
        rows.append((part, found, spec.removeprefix('=='), ', '.join(remarks)))
    return rows


def print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print('  '.join(cells).rstrip())


def print_patches(facts: Facts) -> None:
    """Print what mmuniformer changes in other libraries, and which changes are needed here."""
    print(
        '\nWhat importing mmuniformer changes in other libraries; with MMUNIFORMER_PATCHES=0, '
        'only names:'
    )
    off = os.environ.get('MMUNIFORMER_PATCHES') == '0'
    for patch in PATCHES:
        state = 'off' if off and patch.when != 'always' else 'needed here'
        print(f'- {patch.change}: {state if patch.is_present(facts) else "not needed here"}')
        print(f'    because {patch.fault}')


def print_faults(facts: Facts) -> None:
    present = [fault for fault in FAULTS if fault.present(facts)]
    with_plugin = (
        'mmuniformer' in facts.versions
        and 'mmuniformer' not in facts.failed_imports
        and os.environ.get('MMUNIFORMER_PATCHES') != '0'
    )
    repaired = [fault for fault in present if fault.repaired and with_plugin]
    for fault in repaired:
        if (advice := fault.advice(facts)) != IMPORT_US:
            print(f'- {fault.name}\n    permanent fix: {advice}')
    if repaired:
        print(f'In configs that do not import mmuniformer, add: {IMPORT_US}')
    left = [fault for fault in present if fault not in repaired]
    print(f'\nFaults to fix: {len(left) or "none"}')
    for fault in left:
        print(f'- {fault.name}\n    symptom: {fault.symptom}\n    fix: {fault.advice(facts)}')
    for part in sorted(facts.failed_imports):
        print(f'\nImporting {part} fails:')
        print('  ' + '\n  '.join(facts.import_output[part].splitlines()[-4:]))


OPERATORS = {
    'compiled': "mmcv's operators are compiled.",
    'served': (
        "mmcv's operators are provided by mmuniformer, based on torchvision: the same results, "
        'nothing to compile; see docs/operators.md for their speed.'
    ),
    'none': "mmcv's operators are missing.",
}


def judge(facts: Facts) -> int:
    """Print whether Mask R-CNN can be trained, and return the exit status."""
    absent = [part for part in MAIN_JOB if part not in facts.versions]
    broken = [part for part in MAIN_JOB if part in facts.failed_imports]
    print()
    if not absent and not broken:
        print('Detection can run.')
        return 0
    for part in absent:
        print(f'{part} is missing.')
    for part in broken:
        print(f'{part} is installed but cannot be imported.')
    has_scripts = (CHECKOUT / 'tools' / 'setup.sh').is_file()
    command = 'bash tools/setup.sh det' if has_scripts else "pip install 'mmuniformer[det]'"
    print(f'Detection cannot run. To build an environment: {command}')
    return 1


def check_environment() -> int:
    """Print installed versions and faults; return the exit status."""
    facts = gather()
    print_table([('part', 'found', 'tested', 'state'), *make_rows(facts)])
    stack = f'Compared with the versions of the stack {facts.stack!r}.'
    print(f'\n{stack} {OPERATORS[facts.operators]}')
    print_patches(facts)
    print_faults(facts)
    return judge(facts)
