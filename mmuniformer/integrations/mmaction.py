"""mmaction2: two of its bare names become ours, parts join it, and 1.2.0's gap is made up for.

mmaction2 has test-only classes ``UniFormer`` and ``UniFormerV2``, registered when its models are
imported. Registering ours before that makes its import fail; after it, ours must replace them.
"""

import importlib
import importlib.util
import logging
import types
from typing import Any

from mmengine.logging import print_log
from mmengine.registry import Registry

from . import stand_ins

# Registry of mmaction2 → our modules that register into it.
_PARTS = {
    'MODELS': ('mmaction_models', 'mmaction_uniformerv2', 'mmaction_heads'),
    'TRANSFORMS': ('mmaction_video',),
    'DATASETS': ('mmaction_video',),
}
_DRN_PACKAGE = 'mmaction.models.localizers.drn'


def register_bare_names() -> None:
    """Have mmaction2's registries import our parts behind its own."""
    if importlib.util.find_spec('mmaction') is None:
        return
    try:
        from mmaction import registry
    except (ImportError, AssertionError) as error:  # asserts the versions of mmcv and mmengine
        text = f'mmaction2 cannot be imported, its names are left alone: {error}'
        print_log(text, logger='current', level=logging.WARNING)
        return
    for name, files in _PARTS.items():
        modules = [f'{__package__}.{file}' for file in files]
        _append_locations(getattr(registry, name), modules)


def _append_locations(registry: Registry, modules: list[str]) -> None:
    # Both attributes are private to mmengine 0.10; without them, import mmaction2's own parts now.
    locations = getattr(registry, '_locations', None)
    if locations is None or getattr(registry, '_imported', True):
        for module in modules:
            importlib.import_module(module)
    elif not set(modules) <= set(locations):
        # A new list: mmengine shares the default one between registries.
        registry._locations = [*locations, *modules]


def serve_missing_drn() -> None:
    """Make ``mmaction.models`` importable where the wheel lacks ``localizers/drn`` (1.2.0 does)."""
    stand_ins.serve({_DRN_PACKAGE: stand_ins.fill_nothing, f'{_DRN_PACKAGE}.drn': _fill_drn})


def _fill_drn(module: types.ModuleType) -> None:
    module.DRN = DRN
    print_log(
        'this mmaction2 was published without its localizer DRN; everything else works', 'current'
    )


def serve_decord() -> None:
    """Let stock pipelines read videos by PyAV where mmaction2 lacks decord."""
    if importlib.util.find_spec('mmaction') is not None:
        fill = stand_ins.copy_of('decord_stand_in', 'VideoReader', 'cpu')
        stand_ins.serve({'decord': fill})


class DRN:
    """Placeholder for the localizer that mmaction2 1.2.0's wheel lacks."""

    def __init__(self, *args: Any, **kwargs: Any):
        raise ImportError(
            'the localizer DRN is missing from this mmaction2; install mmaction2 from its source '
            'repository to use it'
        )
