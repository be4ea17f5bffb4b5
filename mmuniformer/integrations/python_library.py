"""What toolboxes use of Python and setuptools, and newer ones have no more."""

import importlib.util
import pkgutil
from types import ModuleType
from typing import Any

from . import stand_ins


def restore_find_loader() -> None:
    """Give Python 3.14 back ``pkgutil.find_loader``, by which mmcv looks for its operators."""
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = _find_loader


def _find_loader(fullname: str) -> Any:
    spec = importlib.util.find_spec(fullname)
    return None if spec is None else spec.loader


def serve_setuptools() -> None:
    """Serve what came with setuptools, which environments of Python 3.12 and later are without.

    Of ``pkg_resources``, which setuptools 82 removed, it is what mmengine and mim look up installed
    packages with; of ``distutils``, what mmengine describes the C compiler with.
    """
    stand_ins.serve(
        {
            'pkg_resources': stand_ins.copy_of('pkg_resources_stand_in'),
            'distutils': stand_ins.fill_nothing,
            'distutils.errors': _fill_errors,
            'distutils.ccompiler': _fill_ccompiler,
        }
    )


class DistutilsPlatformError(Exception):
    """No compiler is known for this platform."""


def _fill_errors(module: ModuleType) -> None:
    module.DistutilsPlatformError = DistutilsPlatformError


def _fill_ccompiler(module: ModuleType) -> None:
    def new_compiler() -> None:
        raise DistutilsPlatformError('distutils is not installed')

    module.new_compiler = new_compiler
