"""The module that replaces mmcv's compiled ``mmcv._ext``."""

import importlib
import importlib.metadata
from collections.abc import Callable
from types import ModuleType

NAME = 'mmcv._ext'
SERVED_BY = 'mmuniformer'

# One file per family; __all__ names its operators.
_FAMILIES = (
    'attention', 'boxes', 'deform', 'deform_roi_pool', 'focal', 'masks', 'nms', 'reassembly',
    'roi_align', 'roi_pool', 'shift', 'sync_bn',
)  # fmt: skip


def make_extension() -> ModuleType:
    """Return a new module with every name that ``mmcv.ops`` imports from its compiled module.

    Operators that no model of the toolboxes uses, of point clouds, rotated boxes, text and image
    generation, raise NotImplementedError when they are called. A compiled module has no attribute
    ``__served_by__``.

    Raises:
        ImportError: torchvision is missing or was built for another torch.
    """
    _require_torchvision()
    module = ModuleType(NAME, 'Operators of mmcv, on torchvision and plain torch.')
    vars(module).update(
        __served_by__=SERVED_BY,
        __getattr__=_unserved,
        get_compiler_version=lambda: f'none, served by {SERVED_BY}',
        get_compiling_cuda_version=lambda: 'not available',
    )
    for family in _FAMILIES:
        operators = importlib.import_module(f'.{family}', __package__)
        for name in operators.__all__:
            setattr(module, name, getattr(operators, name))
    return module


def _unserved(name: str) -> Callable:
    if name.startswith('_'):
        raise AttributeError(f'module {NAME!r} has no attribute {name!r}')

    def operator(*args: object, **kwargs: object) -> None:
        raise NotImplementedError(
            f'{name} is an operator of mmcv that {SERVED_BY} does not serve; for a compiled mmcv '
            'run `bash tools/setup.sh all --stack compiled` in a checkout, or build mmcv 2.1.0 '
            'from source with torch<2.14 and Python<=3.12'
        )

    operator.__name__ = operator.__qualname__ = name
    return operator


def _require_torchvision() -> None:
    try:
        import torch
        import torchvision  # noqa: F401

        for name in ('nms', 'roi_align', 'deform_conv2d'):
            getattr(torch.ops.torchvision, name)
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ImportError(
            f'the operators of mmcv need a torchvision that fits torch, found torch '
            f'{_version("torch")} and torchvision {_version("torchvision")} ({error}); install '
            'both from the same source: `pip install --force-reinstall torch torchvision`',
            name=NAME,
        ) from error


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return 'none'
