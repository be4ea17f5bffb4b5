"""Say what is installed, what works, what is broken and how to mend it.

python tools/doctor.py           versions, imports, known faults; exit 1 if detection cannot run
python tools/doctor.py CONFIG    also the data, annotations and checkpoints that a config names

Standard library alone, so that it runs where nothing is installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _doctor_facts import IMPORTS, MAIN_JOB, PARTS, SAME_MODULES, Facts, release
from _doctor_faults import FAULTS, IMPORT_US, PATCHES

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / 'requirements'
IMPORT_SECONDS = 300


def find_module(module: str) -> Path | None:
    """Find the folder of a module without importing it."""
    # The start-up file of mmuniformer would import it as soon as a toolbox is looked for.
    sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != '_mmuniformer']
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def find_version(module: str, folder: Path, distributions: list[str]) -> tuple[str, str]:
    """Give version and distribution; a source tree on PYTHONPATH has no distribution."""
    for name in distributions:
        try:
            return importlib.metadata.version(name), name
        except importlib.metadata.PackageNotFoundError:
            continue
    for source in (folder / 'version.py', folder / '__init__.py'):
        text = source.read_text(encoding='utf-8') if source.is_file() else ''
        if match := re.search(r'^__version__\s*=\s*[\'"]([^\'"]+)', text, re.MULTILINE):
            return match.group(1), ''
    return 'unknown', ''


def try_import(part: str, with_plugin: bool) -> tuple[bool, str]:
    code = IMPORTS[part]
    if with_plugin and part not in ('torch', 'torchvision', 'mmengine', 'openmim'):
        code = f'import mmuniformer; {code}'
    command = [sys.executable, '-W', 'ignore', '-c', code]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False, f'the import took more than {IMPORT_SECONDS} s'
    if run.returncode < 0:
        return False, f'{run.stderr}\nthe interpreter was killed by signal {-run.returncode}'
    return run.returncode == 0, (run.stderr if run.returncode else run.stdout).strip()


def gather() -> Facts:
    by_module = importlib.metadata.packages_distributions()
    folders, versions, distributions = {}, {}, {}
    for part, module in PARTS.items():
        if (folder := find_module(module)) is not None:
            folders[module] = folder
            versions[part], distributions[part] = find_version(
                module, folder, by_module.get(module, [])
            )
    wanted = [part for part in IMPORTS if part in versions]
    with_plugin = {'torch', 'mmengine', 'mmuniformer'} <= versions.keys()
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        results = list(pool.map(lambda part: try_import(part, with_plugin), wanted))
    output = {part: text for part, (_, text) in zip(wanted, results, strict=True)}
    failed = frozenset(part for part, (ok, _) in zip(wanted, results, strict=True) if not ok)
    owners = {
        module: tuple(name for name in names if is_installed(name))
        for module, names in SAME_MODULES.items()
    }
    return Facts(
        versions, distributions, owners, folders=folders, import_output=output,
        failed_imports=failed,
    )  # fmt: skip


def is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def tested_versions(stack: str) -> dict[str, str]:
    """Read the constraints of a stack for this Python: part → the tested version or bound."""
    path = REQUIREMENTS / f'constraints-{stack}.txt'
    tested = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        if included := re.match(r'-c constraints-(\w+)\.txt', line):
            tested |= tested_versions(included[1])
        requirement, _, marker = line.partition('#')[0].partition(';')
        match = re.match(r'([\w.-]+?)((?:==|<).+)', requirement.strip())
        if match and holds(marker):
            tested[match[1]] = match[2]
    tested['opencv'] = tested.get('opencv-python', '')
    return tested


def holds(marker: str) -> bool:
    """Whether a marker such as ``python_version >= '3.11'`` is true of this Python."""
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


def print_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        for row in [header, *rows]:
            print('  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
        return
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def print_patches(facts: Facts) -> None:
    """Print the table of what mmuniformer changes in other libraries."""
    off = os.environ.get('MMUNIFORMER_PATCHES') == '0'
    print(
        '\nWhat importing mmuniformer changes in other libraries; with MMUNIFORMER_PATCHES=0 in '
        'the environment, names alone:'
    )
    rows = []
    for patch in PATCHES:
        state = 'off' if off and patch.when != 'always' else 'needed'
        rows.append((patch.change, patch.fault, state if patch.is_present(facts) else 'not needed'))
    print_table(('change', 'because', 'here'), rows)


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
            print(f'- {fault.name}\n    for good: {advice}')
    if repaired:
        print(f'With configs of others: {IMPORT_US}')
    left = [fault for fault in present if fault not in repaired]
    print(f'\nFaults to mend: {len(left) or "none"}')
    for fault in left:
        print(f'- {fault.name}\n    symptom: {fault.symptom}\n    fix: {fault.advice(facts)}')
    for part in sorted(facts.failed_imports):
        print(f'\nImporting {part} ends in:')
        print('  ' + '\n  '.join(facts.import_output[part].splitlines()[-4:]))


OPERATORS = {
    'compiled': "mmcv's operators are compiled.",
    'served': (
        "mmcv's operators are served by mmuniformer, on those of torchvision: the same results, "
        'nothing to compile; docs/operators.md has what that costs.'
    ),
    'none': "mmcv's operators are missing.",
}


def print_stack(facts: Facts) -> None:
    print(
        f"\nCompared with the versions of the stack '{facts.stack}'. {OPERATORS[facts.operators]}"
    )


def judge(facts: Facts) -> int:
    """Say whether Mask R-CNN can train here, and give the exit status."""
    absent = [part for part in MAIN_JOB if part not in facts.versions]
    broken = [part for part in MAIN_JOB if part in facts.failed_imports]
    print()
    if not absent and not broken:
        print('Detection can run.')
        return 0
    for part in absent:
        print(f'{part} is missing.')
    for part in broken:
        print(f'{part} is there but cannot be imported.')
    print('Detection cannot run. To build an environment in which it does: bash tools/setup.sh det')
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(
        description='Say what is installed, what works, what is broken and how to mend it.'
    )
    parser.add_argument('config', nargs='?', help='also check the files that this config names')
    args = parser.parse_args()
    facts = gather()
    print_table(('part', 'found', 'tested', 'state'), make_rows(facts))
    print_stack(facts)
    print_patches(facts)
    print_faults(facts)
    status = judge(facts)
    if args.config is None:
        return status
    if 'mmengine' not in facts.versions or 'mmengine' in facts.failed_imports:
        print(f'{args.config} was not read: that takes mmengine')
        return 1
    from _doctor_config import check_config

    # mmengine's import of pkg_resources warns once per module; the pin for it is in the table.
    warnings.simplefilter('ignore')
    return max(status, check_config(args.config))


if __name__ == '__main__':
    sys.exit(main())
