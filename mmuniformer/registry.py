"""Child registries of mmengine's, under the scope ``mmuniformer``.

mmengine imports this file by itself when it meets ``type='mmuniformer.X'``, and hides an error that
happens meanwhile: so it needs nothing but mmengine.
"""

from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    locations=['mmuniformer.models', 'mmuniformer.token_labeling'],
    scope='mmuniformer',
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    locations=['mmuniformer.engine', 'mmuniformer.token_labeling'],
    scope='mmuniformer',
)
HOOKS = Registry(
    'hook', parent=MMENGINE_HOOKS, locations=['mmuniformer.engine'], scope='mmuniformer'
)
OPTIM_WRAPPERS = Registry(
    'optimizer wrapper',
    parent=MMENGINE_OPTIM_WRAPPERS,
    locations=['mmuniformer.engine'],
    scope='mmuniformer',
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    locations=['mmuniformer.engine'],
    scope='mmuniformer',
)
