"""Registries of this package, under the scope ``mmuniformer``.

mmengine imports this file by itself for ``type='mmuniformer.X'``, and hides any error that happens
meanwhile: it needs mmengine alone.
"""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mmengine import registry as root
from mmengine.registry import Registry

Names = Mapping[str, tuple[str, ...]]  # module → the names that it registers


class _PublicRegistry(Registry):
    """Registry that also registers in its parent, where every toolbox looks last for a bare name.

    Args:
        parent: root registry of mmengine.
        names: all that will be registered. The modules are imported when a name is first used.
    """

    def __init__(self, parent: Registry, names: Names):
        super().__init__(parent.name, parent=parent, locations=list(names), scope='mmuniformer')
        self.names = names

    def register_module(
        self, name: str | None = None, force: bool = False, module: Any = None
    ) -> Any:
        if module is None:
            return partial(self.register_module, name, force)
        super().register_module(name, force, module)
        return self.parent.register_module(name, True, module)

    def register_bare_names(self) -> None:
        """Register a function for each name in the parent; the class replaces it when imported.

        Raises:
            KeyError: another package has registered such a name.
        """
        for module, names in self.names.items():
            for name in names:
                known = self.parent.module_dict.get(name)
                if not getattr(known, '__module__', '').startswith('mmuniformer.'):
                    self.parent.register_module(name, module=lazy_builder(module, name))


def lazy_builder(module: str, name: str) -> Callable:
    """Return a function that imports ``module`` when it is called, and calls its ``name``."""

    def build(*args: Any, **options: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **options)

    build.__name__ = build.__qualname__ = name
    build.__module__ = module
    build.__doc__ = f'Import and call {module}.{name}.'
    return build


MODELS = _PublicRegistry(
    root.MODELS,
    {
        'mmuniformer.models': (
            'SimplePyramid',
            'UniFormer',
            'UniFormer3D',
            'UniFormerLight',
            'UniFormerLight3D',
            'UniFormerV2',
        ),
        'mmuniformer.token_labeling': (
            'HourglassClsHead',
            'TokenLabelDataPreprocessor',
            'TokenLabelHead',
            'UniFormerClsHead',
        ),
    },
)
TRANSFORMS = _PublicRegistry(
    root.TRANSFORMS,
    {
        'mmuniformer.engine': ('LoadOrSkip',),
        'mmuniformer.token_labeling': ('LoadLabelMap', 'WithLabelMap'),
    },
)
HOOKS = _PublicRegistry(
    root.HOOKS,
    {
        'mmuniformer.engine': (
            'AtomicCheckpointHook',
            'EpochSeedHook',
            'FuseHook',
            'NonFiniteStopHook',
        )
    },
)
OPTIM_WRAPPERS = _PublicRegistry(
    root.OPTIM_WRAPPERS, {'mmuniformer.engine': ('BFloat16OptimWrapper',)}
)
OPTIM_WRAPPER_CONSTRUCTORS = _PublicRegistry(
    root.OPTIM_WRAPPER_CONSTRUCTORS,
    {'mmuniformer.engine': ('LayerwiseOptimWrapperConstructor',)},
)
STRATEGIES = _PublicRegistry(root.STRATEGIES, {'mmuniformer.engine': ('GroupedFSDPStrategy',)})
FUNCTIONS = _PublicRegistry(root.FUNCTIONS, {'mmuniformer.engine': ('wrap_uniformer_blocks',)})

REGISTRIES = (
    MODELS, TRANSFORMS, HOOKS, OPTIM_WRAPPERS, OPTIM_WRAPPER_CONSTRUCTORS, STRATEGIES, FUNCTIONS,
)  # fmt: skip
