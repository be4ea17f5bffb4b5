"""Start-up hook, loaded when Python starts: toolboxes run if mmcv has no operators that load.

Scripts such as mmdet's ``test.py`` import mmcv's operators before they read the config that names
this plugin. If mmcv has no compiled operators (mmcv-lite), the first import of a toolbox imports
mmuniformer, which serves them. If mmcv has operators that do not load, importing them imports
mmuniformer. If they load, and with ``MMUNIFORMER_PATCHES=0``, nothing happens. ``mim`` submits jobs
to Slurm with click 8.3.1 and later, too.
"""

import os
import sys

TOOLBOXES = ('mmcv', 'mmdet', 'mmseg', 'mmpose', 'mmaction', 'mmpretrain')


class ToolboxImportHook:
    """First finder of the import system: acts before a toolbox is imported, and finds none."""

    seen_toolbox = False

    def find_spec(self, name, path=None, target=None):
        if name in TOOLBOXES and not self.seen_toolbox:
            self.seen_toolbox = True
            if _lacks_operators():
                import mmuniformer

                # If mmuniformer has imported this module, importing it again would run it twice.
                return _spec_of_loaded(name) if name in sys.modules else None
        if name == 'mim.commands.train':
            _hide_missing_options()
        if name == 'mmcv._ext':
            sys.meta_path.remove(self)
            if 'mmuniformer' not in sys.modules and not _loads(name, path):
                import importlib.util

                import mmuniformer  # noqa: F401

                return importlib.util.find_spec(name)
        return None


def _lacks_operators():
    import importlib.util
    from pathlib import Path

    if importlib.util.find_spec('mmengine') is None:
        return False  # the toolbox itself will say so
    spec = importlib.util.find_spec('mmcv')
    if spec is None or spec.origin is None:
        return False
    return not any(Path(spec.origin).parent.glob('_ext.*'))


def _loads(name, path):
    import ctypes
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(name, path)
    try:
        return spec is not None and bool(ctypes.CDLL(spec.origin, getattr(os, 'RTLD_NOW', 0)))
    except OSError:  # built for another torch
        return False


def _hide_missing_options():
    """Give mim None for options that are not set: its own parser leaves it click's sentinel."""
    try:
        from click._utils import UNSET
    except ImportError:  # click before 8.3
        return
    from mim.click import CustomCommand

    stock = CustomCommand.parse_args

    def parse_args(self, ctx, args):
        rest = stock(self, ctx, args)
        ctx.params = {key: None if value is UNSET else value for key, value in ctx.params.items()}
        return rest

    CustomCommand.parse_args = parse_args


def _spec_of_loaded(name):
    from importlib.util import spec_from_file_location

    module = sys.modules[name]
    spec = spec_from_file_location(
        name,
        module.__spec__.origin,
        loader=_Loaded(module),
        submodule_search_locations=list(module.__path__),
    )
    # The import system uses the spec of a module that is in sys.modules, not the returned one.
    module.__spec__ = spec
    return spec


class _Loaded:
    """Loader that returns a module which has been loaded already."""

    def __init__(self, module):
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        module.__spec__ = self.spec


if os.environ.get('MMUNIFORMER_PATCHES') != '0':
    sys.meta_path.insert(0, ToolboxImportHook())
