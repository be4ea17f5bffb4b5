"""What toolboxes use of modules that may be missing, library by library."""

import importlib.util
import pkgutil
from types import ModuleType
from typing import Any

from mmengine.logging import print_log

from .finder import copy_from, define, install_fallbacks


def restore_find_loader() -> None:
    """Restore ``pkgutil.find_loader``, removed in Python 3.14; mmcv finds its operators by it."""
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = _find_loader


def _find_loader(fullname: str) -> Any:
    spec = importlib.util.find_spec(fullname)
    return None if spec is None else spec.loader


def install_setuptools() -> None:
    """Serve what came with setuptools, which environments of Python 3.12 and later lack.

    From ``pkg_resources``, removed in setuptools 82: what mmengine and mim look up installed
    packages with. From ``distutils``: what mmengine describes the C compiler with.
    """
    install_fallbacks(
        {
            'pkg_resources': copy_from('._pkg_resources'),
            'distutils': define(),
            'distutils.errors': define(DistutilsPlatformError=DistutilsPlatformError),
            'distutils.ccompiler': define(new_compiler=_new_compiler),
        }
    )


class DistutilsPlatformError(Exception):
    """No compiler is known for this platform."""


def _new_compiler() -> None:
    raise DistutilsPlatformError('distutils is not installed')


def install_xtcocotools() -> None:
    """Serve xtcocotools, on pycocotools, if mmpose is installed without it."""
    if importlib.util.find_spec('mmpose') is None:
        return
    install_fallbacks(
        {
            'xtcocotools': define(__version__='1.14.3'),  # the one whose interface is served
            'xtcocotools.coco': copy_from('._xtcocotools', 'COCO'),
            'xtcocotools.cocoeval': copy_from('._xtcocotools', 'COCOeval', 'Params'),
            'xtcocotools.mask': _fill_mask,
        }
    )


def _fill_mask(module: ModuleType) -> None:
    from pycocotools import mask

    names = ('area', 'decode', 'encode', 'frPyObjects', 'iou', 'merge', 'toBbox')
    vars(module).update({name: getattr(mask, name) for name in names})


def install_decord() -> None:
    """Serve decord, on PyAV, if mmaction2 is installed without it: stock pipelines read by it."""
    if importlib.util.find_spec('mmaction') is not None:
        reader = 'mmuniformer.engine.reliability.pyav_reader'
        install_fallbacks({'decord': copy_from(reader, 'VideoReader', 'cpu')})


def stub_missing_drn() -> None:
    """Make ``mmaction.models`` importable if it lacks ``localizers/drn``, as the wheel 1.2.0."""
    package = 'mmaction.models.localizers.drn'
    install_fallbacks({package: define(), f'{package}.drn': _fill_drn})


def _fill_drn(module: ModuleType) -> None:
    vars(module)['DRN'] = DRN
    print_log(
        'this mmaction2 was published without its localizer DRN; everything else works', 'current'
    )


class DRN:
    """Placeholder for the localizer that mmaction2 1.2.0's wheel lacks."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise ImportError(
            'the localizer DRN is missing from this mmaction2; install mmaction2 from its source '
            'repository to use it'
        )
