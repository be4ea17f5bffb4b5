"""Table of the known faults of the stack."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .facts import PACKAGE, Facts

# By its path, because importing mmuniformer.integrations needs mmengine.
PATCHES = runpy.run_path(str(PACKAGE / 'integrations' / 'patches' / 'table.py'))['PATCHES']
IMPORT_US = "custom_imports = dict(imports=['mmuniformer']) in the config"
INSTALL_LITE = "pip install --no-deps 'mmcv-lite==2.1.0'"
LITE = f'pip uninstall -y mmcv mmcv-lite; {INSTALL_LITE}'
BUILD_MMCV = (
    'MMCV_WITH_OPS=1 CFLAGS=-g0 pip install --no-build-isolation --no-cache-dir '
    "--force-reinstall --no-deps --no-binary mmcv 'mmcv==2.1.0'"
)


@dataclass(frozen=True)
class Fault:
    name: str
    present: Callable[[Facts], bool]
    symptom: str
    # A command, or a function that returns it, given the facts.
    fix: str | Callable[[Facts], str]
    # Patched when mmuniformer is imported, as all its configs do.
    repaired: bool = False
    # Whether a test runs the command and checks that it fixes the fault.
    tested: bool = True

    def advice(self, facts: Facts) -> str:
        fix = self.fix if isinstance(self.fix, str) else self.fix(facts)
        return fix if self.tested else f'{fix}  (no test has run this)'


def _build_or_lite(facts: Facts) -> str:
    return f'pip uninstall -y mmcv-lite; {BUILD_MMCV}' if facts.can_build_mmcv else LITE


def _doubled(facts: Facts) -> dict[str, tuple[str, ...]]:
    return {module: names for module, names in facts.owners.items() if len(names) > 1}


STOCK_MMCV = ('mmcv', 'mmcv-lite', 'mmcv-full')


def _reinstall_one(facts: Facts) -> str:
    commands = []
    for module, names in _doubled(facts).items():
        # Keep forks: the stock package was installed as a dependency.
        keep = next((name for name in names if name.startswith('onedl-')), names[0])
        install = f'pip install --no-deps {keep}'
        if module == 'mmcv' and keep in STOCK_MMCV:
            install = BUILD_MMCV if facts.can_build_mmcv else INSTALL_LITE
        commands.append(f'pip uninstall -y {" ".join(names)}; {install}')
    return '; '.join(commands)


# Symptom of a patched fault → permanent fix, and whether a test runs it.
FIXES: dict[str, tuple[str | Callable[[Facts], str], bool]] = {
    'undefined symbol': (_build_or_lite, False),
    "No module named 'decord'": ('pip install av  (mmuniformer provides decord by PyAV)', True),
}


def _patched_fault(patch: Any) -> Fault:
    fix, tested = FIXES.get(patch.symptom, (IMPORT_US, True))
    return Fault(patch.fault, patch.is_present, patch.symptom, fix, repaired=True, tested=tested)


FAULTS = (
    *(_patched_fault(patch) for patch in PATCHES if patch.when == 'import'),
    Fault(
        'there is no GPU, but AmpOptimWrapper (--amp) needs one',
        lambda facts: 'cpu' in facts.import_output.get('torch', '').split(),
        'AssertionError: `AmpOptimizerWrapper` only available on gpu, npu, mlu, musa',
        'leave --amp out on this machine',
    ),
    Fault(
        'two distributions have installed the same modules',
        lambda facts: bool(_doubled(facts)),
        'AttributeError or ImportError for names that one of them lacks',
        _reinstall_one,
        tested=False,
    ),
    Fault(
        'mmdet, mmsegmentation and mmaction2 refuse mmcv 2.2 and later',
        lambda facts: facts.at_least('mmcv', 2, 2) and facts.says('AssertionError', 'MMCV=='),
        'AssertionError: MMCV==2.2.0 is used but incompatible',
        LITE,
    ),
    Fault(
        'mmaction2 before 1.2 refuses mmcv 2.1',
        lambda facts: facts.below('mmaction2', 1, 2) and facts.at_least('mmcv', 2, 1),
        'AssertionError: MMCV==2.1.0 is used but incompatible',
        "pip install --no-deps 'mmaction2==1.2.0'",
    ),
    Fault(
        'this OpenCV needs NumPy 2',
        lambda facts: facts.at_least('opencv', 4, 12) and facts.below('numpy', 2),
        'ImportError: numpy.core.multiarray failed to import',
        "pip install 'opencv-python<4.12' 'opencv-contrib-python<4.12'",
    ),
    Fault(
        'xtcocotools was built for another NumPy',
        lambda facts: facts.says('numpy.dtype size changed') and facts.says('xtcocotools'),
        'ValueError: numpy.dtype size changed, may indicate binary incompatibility',
        'pip uninstall -y xtcocotools  (mmuniformer provides it, based on pycocotools)',
    ),
    Fault(
        'torch and torchvision come from different builds',
        lambda facts: facts.says('operator torchvision::nms does not exist'),
        'RuntimeError: operator torchvision::nms does not exist',
        'pip install --force-reinstall torch torchvision  (both from the same source)',
        tested=False,
    ),
    Fault(
        'setuptools 82 and later have no pkg_resources, which openmim imports',
        lambda facts: (
            ('openmim' in facts.versions and facts.at_least('setuptools', 82))
            or facts.says("named 'pkg_resources'")
        ),
        "ModuleNotFoundError: No module named 'pkg_resources'",
        "pip install 'setuptools<81'",
    ),
    Fault(
        'openmim 0.3.9 brings openxlab, which downgrades setuptools, requests and rich',
        lambda facts: facts.at_least('openmim', 0, 3, 9),
        'pip reports conflicts; mim fails',
        "pip uninstall -y openxlab opendatalab; pip install 'openmim==0.3.8' 'setuptools<81'",
    ),
    Fault(
        'moviepy 2 has no moviepy.editor, which mmaction2 uses to draw videos',
        lambda facts: facts.at_least('moviepy', 2) and 'mmaction2' in facts.versions,
        "ModuleNotFoundError: No module named 'moviepy.editor'",
        "pip install 'moviepy<2'",
    ),
    Fault(
        'mmsegmentation imports ftfy and regex without declaring them',
        lambda facts: facts.says("No module named 'ftfy'") or facts.says("No module named 'regex'"),
        "ModuleNotFoundError: No module named 'ftfy'",
        'pip install ftfy regex',
    ),
)
