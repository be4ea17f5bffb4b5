"""What a user imports besides the networks: models of configs, and what can be done with them."""

from .benchmarking.run import benchmark
from .complexity import Complexity, complexity
from .configs import find_config, load_config
from .explanation import Explanation, compare_cams, explain
from .exporting import ExportReport, export, make_exportable
from .latency import latencies, latency
from .memory import memory, memory_of_step
from .model import build_model, load_model
from .predict import PredictionRun, Predictor, find_sources, predictor
from .reproduction.run import reproduce

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
