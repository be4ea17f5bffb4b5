"""The parts of the stack, and facts about them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# Row of the table → module. The onedl-* forks have other distribution names, but the same modules.
PARTS = {
    'torch': 'torch',
    'torchvision': 'torchvision',
    'numpy': 'numpy',
    'opencv': 'cv2',
    'setuptools': 'setuptools',
    'mmengine': 'mmengine',
    'mmcv': 'mmcv',
    'mmdet': 'mmdet',
    'mmsegmentation': 'mmseg',
    'mmpose': 'mmpose',
    'mmaction2': 'mmaction',
    'mmpretrain': 'mmpretrain',
    'openmim': 'mim',
    'click': 'click',
    'xtcocotools': 'xtcocotools',
    'pycocotools': 'pycocotools',
    'decord': 'decord',
    'moviepy': 'moviepy',
    'transformers': 'transformers',
    'mmuniformer': 'mmuniformer',
}
# Imports to test, each in a separate process, if the part is installed.
IMPORTS = {
    'torch': 'import torch; print("cuda" if torch.cuda.is_available() else "cpu")',
    'torchvision': 'import torchvision.ops',
    'mmengine': 'import mmengine.runner',
    'mmcv': (
        'import mmcv.ops, mmcv._ext as e; '
        'print("served" if hasattr(e, "__served_by__") else "compiled")'
    ),
    'mmuniformer': 'import mmuniformer.models',
    'mmdet': 'import mmdet.models',
    'mmsegmentation': 'import mmseg.models',
    'mmpose': 'import mmpose.models',
    'mmaction2': 'import mmaction.models',
    'mmpretrain': 'import mmpretrain.models',
    'openmim': 'import mim.commands',
}
MAIN_JOB = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmuniformer')
# Distributions that install the same modules: one of them must be removed.
SAME_MODULES = {
    'mmcv': ('mmcv', 'mmcv-lite', 'mmcv-full', 'onedl-mmcv'),
    'mmengine': ('mmengine', 'onedl-mmengine'),
    'mmdet': ('mmdet', 'onedl-mmdetection'),
    'mmseg': ('mmsegmentation', 'onedl-mmsegmentation'),
    'mmpretrain': ('mmpretrain', 'onedl-mmpretrain'),
}


@dataclass(frozen=True)
class Facts:
    """Facts: versions by part, locations of modules, and output of imports."""

    versions: dict[str, str] = field(default_factory=dict)
    distributions: dict[str, str] = field(default_factory=dict)
    # All distributions of a module; if there are several, they overwrote each other's files.
    owners: dict[str, tuple[str, ...]] = field(default_factory=dict)
    python: tuple[int, int] = sys.version_info[:2]
    folders: dict[str, Path] = field(default_factory=dict)
    import_output: dict[str, str] = field(default_factory=dict)
    failed_imports: frozenset[str] = frozenset()

    def at_least(self, part: str, *version: int) -> bool:
        return part in self.versions and release(self.versions[part]) >= version

    def below(self, part: str, *version: int) -> bool:
        return part in self.versions and release(self.versions[part]) < version

    def says(self, *words: str) -> bool:
        """Return whether the output of a failed import contains all the words."""
        outputs = (self.import_output.get(part, '') for part in self.failed_imports)
        return any(all(word in output for word in words) for output in outputs)

    @property
    def operators(self) -> str:
        """mmcv's operators: 'compiled', 'served' (by mmuniformer, on torchvision) or 'none'."""
        if 'mmcv' not in self.versions or 'mmcv' in self.failed_imports:
            return 'none'
        return (self.import_output.get('mmcv', '').split() or ['none'])[-1]

    @property
    def stack(self) -> str:
        """Name of the constraints that these versions are compared with."""
        if any(name.startswith('onedl-') for name in self.distributions.values()):
            return 'onedl'
        return 'compiled' if self.operators == 'compiled' else 'today'

    @property
    def can_build_mmcv(self) -> bool:
        """Whether mmcv's operators can be compiled: its set-up fails on Python 3.13, and torch 2.14
        wants C++20, which mmcv does not ask the compiler for."""
        return self.python <= (3, 12) and not self.at_least('torch', 2, 14)


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: '2.11.0+cu130' is (2, 11, 0)."""
    numbers = []
    for piece in version.partition('+')[0].split('.'):
        digits = piece[: len(piece) - len(piece.lstrip('0123456789'))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != piece:
            break
    return tuple(numbers)
