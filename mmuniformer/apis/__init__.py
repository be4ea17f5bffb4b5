"""What a user imports besides the networks: models of configs, and what can be done with them."""

from importlib import import_module

# Functions that share their name with a module have to be imported before it is.
from .benchmarking.run import benchmark
from .complexity import Complexity, complexity
from .configs import find_config, load_config
from .latency import latencies, latency
from .memory import memory, memory_of_step
from .model import build_model, load_model
from .reproduction.run import reproduce

# Public name → the module that is imported when it is first used: OpenCV takes its time.
_LOCATIONS = {
    'ExportReport': '.exporting',
    'Explanation': '.explanation',
    'PredictionRun': '.predict',
    'Predictor': '.predict',
    'compare_cams': '.explanation',
    'explain': '.explanation',
    'export': '.exporting',
    'find_sources': '.predict',
    'make_exportable': '.exporting',
    'predictor': '.predict',
}

__all__ = [
    'Complexity',
    'Explanation',
    'ExportReport',
    'PredictionRun',
    'Predictor',
    'benchmark',
    'build_model',
    'compare_cams',
    'complexity',
    'explain',
    'export',
    'find_config',
    'find_sources',
    'latencies',
    'latency',
    'load_config',
    'load_model',
    'make_exportable',
    'memory',
    'memory_of_step',
    'predictor',
    'reproduce',
]


def __getattr__(name: str):
    if name not in _LOCATIONS:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_LOCATIONS[name], __name__), name)
