"""The faults known in the stack, as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .facts import Facts

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
    # A command, or a function of the facts that gives it.
    fix: str | Callable[[Facts], str]
    # The plugin repairs it whenever it is imported, which every config of ours sees to.
    repaired: bool = False
    # The tests run the command and see the fault gone; of the others the doctor says so.
    tested: bool = True

    def advice(self, facts: Facts) -> str:
        fix = self.fix if isinstance(self.fix, str) else self.fix(facts)
        return fix if self.tested else f'{fix}  (no test has run this)'


def _bare_torch_load(facts: Facts) -> bool:
    source = facts.folders.get('mmengine', Path()) / 'runner' / 'checkpoint.py'
    if not facts.at_least('torch', 2, 6) or not source.is_file():
        return False
    return '_safe_torch_load' not in source.read_text(encoding='utf-8')


def _has_extension(facts: Facts) -> bool:
    folder = facts.folders.get('mmcv')
    return folder is not None and any(folder.glob('_ext.*'))


def _lacks_drn(facts: Facts) -> bool:
    localizers = facts.folders.get('mmaction', Path()) / 'models' / 'localizers'
    return localizers.is_dir() and not (localizers / 'drn').exists()


def _has_new_transformers(facts: Facts) -> bool:
    return any(
        toolbox in facts.versions and facts.at_least('transformers', *limit)
        for toolbox, limit in {'mmpretrain': (4, 52), 'mmaction2': (4, 56)}.items()
    )


def _build_or_lite(facts: Facts) -> str:
    return f'pip uninstall -y mmcv-lite; {BUILD_MMCV}' if facts.can_build_mmcv else LITE


def _doubled(facts: Facts) -> dict[str, tuple[str, ...]]:
    return {module: names for module, names in facts.owners.items() if len(names) > 1}


STOCK_MMCV = ('mmcv', 'mmcv-lite', 'mmcv-full')


def _reinstall_one(facts: Facts) -> str:
    commands = []
    for module, names in _doubled(facts).items():
        # A fork was there on purpose; the stock one came as a dependency.
        keep = next((name for name in names if name.startswith('onedl-')), names[0])
        install = f'pip install --no-deps {keep}'
        if module == 'mmcv' and keep in STOCK_MMCV:
            install = BUILD_MMCV if facts.can_build_mmcv else INSTALL_LITE
        commands.append(f'pip uninstall -y {" ".join(names)}; {install}')
    return '; '.join(commands)


FAULTS = (
    Fault(
        'mmengine reads training checkpoints in a way that torch >= 2.6 refuses',
        _bare_torch_load,
        'UnpicklingError ... Unsupported global: mmengine.logging.history_buffer.HistoryBuffer',
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'mmaction2 was published without mmaction/models/localizers/drn',
        _lacks_drn,
        'ModuleNotFoundError: mmaction.models.localizers.drn',
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'multimodal models of mmpretrain and mmaction2 do not go with this transformers',
        _has_new_transformers,
        "cannot import name 'GenerationMixin'; TypeError: NoneType takes no arguments",
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'there is no GPU, and mmengine asks for one with --launcher pytorch',
        lambda facts: 'cpu' in facts.import_output.get('torch', '').split(),
        'RuntimeError: Found no NVIDIA driver',
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'there is no GPU, and AmpOptimWrapper (--amp) wants one',
        lambda facts: 'cpu' in facts.import_output.get('torch', '').split(),
        'AssertionError: `AmpOptimizerWrapper` only available on gpu, npu, mlu, musa',
        'leave --amp out on this machine',
    ),
    Fault(
        'mmcv has no compiled operators',
        lambda facts: (
            (facts.operators == 'served' and not _has_extension(facts))
            or facts.says("No module named 'mmcv._ext'")
        ),
        "ModuleNotFoundError: No module named 'mmcv._ext'",
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'the compiled operators of mmcv belong to another torch',
        lambda facts: (
            (facts.operators == 'served' and _has_extension(facts))
            or (facts.says('undefined symbol') and 'mmcv' in facts.failed_imports)
        ),
        'ImportError: mmcv/_ext...so: undefined symbol',
        _build_or_lite,
        repaired=True,
        tested=False,
    ),
    Fault(
        'two distributions have installed the same modules, one over the other',
        lambda facts: bool(_doubled(facts)),
        'AttributeError or ImportError of names that one of the two lacks',
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
        'mmaction2 uses names that NumPy 2 removed',
        lambda facts: facts.at_least('numpy', 2) and facts.below('mmaction2', 1, 3),
        'AttributeError: `np.Inf` was removed in the NumPy 2.0 release',
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'mmcv and mmaction2 turn hues backwards in a way that NumPy 2 refuses',
        lambda facts: facts.at_least('numpy', 2) and 'mmcv' in facts.versions,
        'OverflowError: Python integer -9 out of bounds for uint8',
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'mmpose draws keypoints with a radius that NumPy 2.4 does not convert',
        lambda facts: facts.at_least('numpy', 2, 4) and 'mmpose' in facts.versions,
        'TypeError: only 0-dimensional arrays can be converted to Python scalars',
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'mmpose imports xtcocotools, which is not there',
        lambda facts: 'mmpose' in facts.versions and 'xtcocotools' not in facts.versions,
        "ModuleNotFoundError: No module named 'xtcocotools'",
        IMPORT_US,
        repaired=True,
    ),
    Fault(
        'this OpenCV wants NumPy 2',
        lambda facts: facts.at_least('opencv', 4, 12) and facts.below('numpy', 2),
        'ImportError: numpy.core.multiarray failed to import',
        "pip install 'opencv-python<4.12' 'opencv-contrib-python<4.12'",
    ),
    Fault(
        'xtcocotools was built for another NumPy',
        lambda facts: facts.says('numpy.dtype size changed') and facts.says('xtcocotools'),
        'ValueError: numpy.dtype size changed, may indicate binary incompatibility',
        'pip uninstall -y xtcocotools  (mmuniformer serves it from pycocotools)',
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
        'pip reports conflicts; mim dies',
        "pip uninstall -y openxlab opendatalab; pip install 'openmim==0.3.8' 'setuptools<81'",
    ),
    Fault(
        'mmaction2 reads videos with decord, which is not there',
        lambda facts: 'mmaction2' in facts.versions and 'decord' not in facts.versions,
        "ModuleNotFoundError: No module named 'decord'",
        'pip install av  (mmuniformer serves decord on PyAV)',
        repaired=True,
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
