"""Classes that derive from mmaction2's, and their names in its registries.

mmaction2 has test-only classes ``UniFormer`` and ``UniFormerV2``, registered when its models are
imported. If ours were registered before that, its import would fail; after it, ours replace them.
"""

import importlib
import importlib.util
import logging
from types import ModuleType

from mmengine.logging import print_log
from mmengine.registry import Registry

from ..patches.after_import import after_import

# Registry of mmaction2 → our modules that register in it.
_MODULES = {
    'MODELS': ('uniformer', 'uniformerv2', 'heads'),
    'TRANSFORMS': ('video',),
    'DATASETS': ('video',),
}


def register_bare_names(lazily: bool) -> None:
    """Have mmaction2's registries import our modules after its own.

    Args:
        lazily: wait until mmaction2 is imported, which takes an import hook; else import its
            registries now, and warn if they cannot be imported.
    """
    if importlib.util.find_spec('mmaction') is None:
        return
    if lazily:
        after_import('mmaction.registry', _append_modules)
        return
    try:
        from mmaction import registry
    except (ImportError, AssertionError) as error:  # asserts the versions of mmcv and mmengine
        text = f'mmaction2 cannot be imported, its names are left alone: {error}'
        print_log(text, logger='current', level=logging.WARNING)
        return
    _append_modules(registry)


def _append_modules(registry: ModuleType) -> None:
    for name, files in _MODULES.items():
        _append_locations(getattr(registry, name), [f'{__name__}.{file}' for file in files])


def _append_locations(registry: Registry, modules: list[str]) -> None:
    # Both attributes are private to mmengine 0.10; without them, import mmaction2's own parts now.
    locations = getattr(registry, '_locations', None)
    if locations is None or getattr(registry, '_imported', True):
        for module in modules:
            importlib.import_module(module)
    elif not set(modules) <= set(locations):
        # A new list: mmengine shares the default one between registries.
        registry._locations = [*locations, *modules]
