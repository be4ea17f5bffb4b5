"""Loaded when Python starts: lets toolboxes run where mmcv was installed without its operators.

Scripts such as mmdet's ``test.py`` import mmcv's operators before they read the config that names
this plugin. Where mmcv has no compiled operators (mmcv-lite), the first import of a toolbox
imports mmuniformer, which serves them. Elsewhere, and with ``MMUNIFORMER_PATCHES=0``, nothing
happens.
"""

import os
import sys

TOOLBOXES = ('mmcv', 'mmdet', 'mmseg', 'mmpose', 'mmaction', 'mmpretrain')


class BeforeToolboxes:
    """First finder of the import system: finds nothing, and sees what will be imported next."""

    def find_spec(self, name, path=None, target=None):
        if name not in TOOLBOXES:
            return None
        sys.meta_path.remove(self)
        if not _lacks_operators():
            return None
        import mmuniformer  # noqa: F401

        # The plugin may have imported this very module: importing it again would run it twice.
        return _spec_of_loaded(name) if name in sys.modules else None


def _lacks_operators():
    import importlib.util
    from pathlib import Path

    if importlib.util.find_spec('mmengine') is None:
        return False  # the toolbox itself will say so
    spec = importlib.util.find_spec('mmcv')
    if spec is None or spec.origin is None:
        return False
    return not any(Path(spec.origin).parent.glob('_ext.*'))


def _spec_of_loaded(name):
    from importlib.util import spec_from_file_location

    module = sys.modules[name]
    spec = spec_from_file_location(
        name,
        module.__spec__.origin,
        loader=_Loaded(module),
        submodule_search_locations=list(module.__path__),
    )
    # The import system goes by the spec of a module that came meanwhile, not by what it is given.
    module.__spec__ = spec
    return spec


class _Loaded:
    """Loader that hands out a module which has been loaded already."""

    def __init__(self, module):
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        module.__spec__ = self.spec


if os.environ.get('MMUNIFORMER_PATCHES') != '0':
    sys.meta_path.insert(0, BeforeToolboxes())
