"""The table of patches: what importing mmuniformer changes in other libraries, and why.

Standard library alone: the doctor reads this file where nothing is installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

# Toolbox → its versions up to this one, and the first transformers too new for them. mmpretrain 1.3
# is the maintained fork.
TRANSFORMERS_LIMITS = {
    'mmpretrain': {(1, 2, 0): (4, 52), (1, 3, 6): (5, 0)},
    'mmaction': {(1, 2, 0): (4, 56)},
}


@dataclass(frozen=True)
class Patch:
    """A change in another library.

    Attributes:
        fault: what is wrong without the change.
        change: what is changed, and in which library.
        symptom: the error without the change.
        is_present: whether versions and files say that the fault is there. Takes the ``Facts`` of
            the doctor. The patch itself looks again when the library is imported.
        function: ``module.function`` of :mod:`mmuniformer.integrations` that makes the change.
        when: on the import of mmuniformer; when Python starts (``_mmuniformer.py``); or always,
            with ``MMUNIFORMER_PATCHES=0`` as well.
    """

    fault: str
    change: str
    symptom: str
    is_present: Callable[[Any], bool]
    function: str
    when: Literal['import', 'start', 'always'] = 'import'


def has_extension(facts: Any) -> bool:
    """Whether mmcv has compiled operators, of whichever torch."""
    folder = facts.folders.get('mmcv')
    return folder is not None and any(folder.glob('_ext.*'))


def _lacks_extension(facts: Any) -> bool:
    served = facts.operators == 'served' and not has_extension(facts)
    return served or facts.says("No module named 'mmcv._ext'")


def _has_extension_of_another_torch(facts: Any) -> bool:
    served = facts.operators == 'served' and has_extension(facts)
    return served or (facts.says('undefined symbol') and 'mmcv' in facts.failed_imports)


def _lacks_pkg_resources(facts: Any) -> bool:
    bare = facts.python >= (3, 12) and 'setuptools' not in facts.versions
    return 'mmengine' in facts.versions and (bare or facts.at_least('setuptools', 82))


def _uses_removed_names(facts: Any) -> bool:
    return any(
        (
            facts.at_least('numpy', 2) and facts.below('mmaction2', 1, 3),
            facts.at_least('numpy', 2, 4) and 'mmpretrain' in facts.versions,
            facts.at_least('numpy', 1, 24) and 'mmdet' in facts.versions,
        )
    )


def _lacks_drn(facts: Any) -> bool:
    localizers = facts.folders.get('mmaction', Path()) / 'models' / 'localizers'
    return localizers.is_dir() and not (localizers / 'drn').exists()


def find_transformers_limit(module: str, version: str) -> tuple[int, ...] | None:
    """Return the first version of transformers that is too new for a toolbox, if there is one."""
    release = tuple(int(part) for part in re.findall(r'\d+', version)[:3])
    limits = (limit for last, limit in TRANSFORMERS_LIMITS[module].items() if release <= last)
    return next(limits, None)


def _has_new_transformers(facts: Any) -> bool:
    for part, module in {'mmpretrain': 'mmpretrain', 'mmaction2': 'mmaction'}.items():
        limit = find_transformers_limit(module, facts.versions.get(part, '9'))
        if limit and facts.at_least('transformers', *limit):
            return True
    return False


def _has_forks(facts: Any) -> bool:
    names = (facts.distributions.get(part, '') for part in ('mmsegmentation', 'mmaction2'))
    return any(name.startswith('onedl-') for name in names)


def _refuses_checkpoints(facts: Any) -> bool:
    source = facts.folders.get('mmengine', Path()) / 'runner' / 'checkpoint.py'
    if not facts.at_least('torch', 2, 6) or not source.is_file():
        return False
    return '_safe_torch_load' not in source.read_text(encoding='utf-8')


# Applied in this order: modules that toolboxes import come before patches of the toolboxes.
PATCHES = (
    Patch(
        'mmcv has no compiled operators',
        'mmcv: `mmcv._ext` is provided, based on torchvision',
        "No module named 'mmcv._ext'",
        _lacks_extension,
        'mmcv_ops.serve_operators',
    ),
    Patch(
        "mmcv's compiled operators belong to another torch version",
        'mmcv: `mmcv._ext` is provided, based on torchvision',
        'undefined symbol',
        _has_extension_of_another_torch,
        'mmcv_ops.serve_operators',
    ),
    Patch(
        "scripts such as mmdet's `test.py` import mmcv's operators before they read a config",
        'Python: `mmuniformer.pth` imports mmuniformer before the first toolbox',
        "No module named 'mmcv._ext'",
        _lacks_extension,
        '_mmuniformer',
        when='start',
    ),
    Patch(
        'openmim takes an option that is not set for a text with click 8.3.1 and later',
        'openmim: such options are `None` again, so `mim train --launcher slurm` works',
        "'Sentinel' object has no attribute 'split'",
        lambda facts: 'openmim' in facts.versions and facts.at_least('click', 8, 3, 1),
        '_mmuniformer',
        when='start',
    ),
    Patch(
        'Python 3.14 removed `pkgutil.find_loader`, which mmcv calls',
        'Python: `pkgutil.find_loader` is restored',
        "module 'pkgutil' has no attribute 'find_loader'",
        lambda facts: facts.python >= (3, 14) and 'mmcv' in facts.versions,
        'fallbacks.missing.restore_find_loader',
    ),
    Patch(
        'mmengine imports `pkg_resources` and `distutils`, which newer Python and setuptools lack',
        'Python: both modules are provided if they are missing',
        "No module named 'pkg_resources'",
        _lacks_pkg_resources,
        'fallbacks.missing.install_setuptools',
    ),
    Patch(
        'mmaction2, mmpretrain and mmdet use names that NumPy removed',
        'NumPy: restores `Inf`, `NAN`, `in1d`, `trapz`, `float` if an installed toolbox uses them',
        "module 'numpy' has no attribute 'Inf'",
        _uses_removed_names,
        'patches.numpy_names.restore_names',
    ),
    Patch(
        'mmcv and mmaction2 add negative hue shifts to uint8 values, which NumPy 2 refuses',
        'mmcv, mmaction2: `adjust_hue` accepts negative factors',
        'OverflowError: Python integer -9 out of bounds for uint8',
        lambda facts: facts.at_least('numpy', 2) and 'mmcv' in facts.versions,
        'patches.hue.allow_negative_hue_shifts',
    ),
    Patch(
        'mmpose imports xtcocotools, which has no wheels for Python 3.12 and later',
        'mmpose: pycocotools replaces `xtcocotools` if it is missing, with equal AP',
        "No module named 'xtcocotools'",
        lambda facts: 'mmpose' in facts.versions and 'xtcocotools' not in facts.versions,
        'fallbacks.missing.install_xtcocotools',
    ),
    Patch(
        'mmpose passes an array as the keypoint radius, which NumPy 2.4 does not convert',
        'mmpose: `draw_circles` converts the radius',
        'TypeError: only 0-dimensional arrays can be converted to Python scalars',
        lambda facts: facts.at_least('numpy', 2, 4) and 'mmpose' in facts.versions,
        'patches.keypoints.convert_keypoint_radius',
    ),
    Patch(
        'mmaction2 reads videos with decord, which has no wheels for ARM',
        'mmaction2: PyAV replaces `decord` if it is missing, with the same frames',
        "No module named 'decord'",
        lambda facts: 'mmaction2' in facts.versions and 'decord' not in facts.versions,
        'fallbacks.missing.install_decord',
    ),
    Patch(
        'mmaction2 1.2.0 was published without `mmaction/models/localizers/drn`',
        'mmaction2: the module is provided, with a class that raises when it is built',
        "No module named 'mmaction.models.localizers.drn'",
        _lacks_drn,
        'fallbacks.missing.stub_missing_drn',
    ),
    Patch(
        'multimodal models of mmpretrain and mmaction2 fail to import with newer transformers, '
        'and so do the toolboxes',
        'mmpretrain, mmaction2: these models are skipped, from transformers 4.52 and 4.56 on '
        '(5.0 for the fork of mmpretrain)',
        "cannot import name 'GenerationMixin'",
        _has_new_transformers,
        'patches.multimodal.skip_multimodal_models',
    ),
    Patch(
        'mmengine looks up mmsegmentation and mmaction2 by distribution name, which is different '
        'for forks',
        'mmengine: `is_installed` and `get_installed_path` look up the module instead',
        'mmsegmentation is not installed',
        _has_forks,
        'patches.forks.find_forks',
    ),
    Patch(
        'mmengine 0.10 loads checkpoints in a way that torch 2.6 refuses',
        "torch: mmengine's history buffers and NumPy arrays are on the allow-list of `torch.load`",
        'Unsupported global: mmengine.logging.history_buffer.HistoryBuffer',
        _refuses_checkpoints,
        'patches.mmengine_checkpoints.add_safe_globals',
    ),
    Patch(
        'mmengine requires a GPU for `--launcher pytorch`',
        'mmengine: processes use gloo and the CPU if there is no accelerator',
        'Found no NVIDIA driver',
        lambda facts: 'cpu' in facts.import_output.get('torch', '').split(),
        'patches.gloo.use_gloo_on_cpu',
    ),
    Patch(
        "toolboxes look up bare names only in their own registry and in mmengine's",
        "mmengine: registers our classes in its root registries, so `type='UniFormer'` works",
        'UniFormer is not in the model registry',
        lambda facts: 'mmengine' in facts.versions,
        'register_all_modules',
        when='always',
    ),
    Patch(
        'mmaction2 has classes called UniFormer and UniFormerV2, for testing only',
        'mmaction2: ours replace them in its registry, with the same arguments and results',
        'UniFormer is already registered',
        lambda facts: 'mmaction2' in facts.versions,
        'mmaction2.register_bare_names',
        when='always',
    ),
)
