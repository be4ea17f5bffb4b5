"""High-level functions: build the models of configs, run, measure, convert and export them."""

from .benchmarking.run import benchmark
from .class_heads import HeadConversion, permute_head, slice_head
from .configs import find_config, load_config
from .conversion import Conversion, convert
from .cost import Complexity, complexity
from .explanation import Explanation, compare_cams, explain
from .exporting import ExportReport, export, make_exportable
from .label_maps import make_label_maps
from .memory_use import memory, memory_of_step
from .model import build_model, load_model
from .predict import PredictionRun, Predictor, find_sources, predictor
from .reproduction.run import reproduce
from .timing import latencies, latency
from .zoo import check_file, fetch, search

__all__ = [
    'Complexity',
    'Conversion',
    'Explanation',
    'ExportReport',
    'HeadConversion',
    'PredictionRun',
    'Predictor',
    'benchmark',
    'build_model',
    'check_file',
    'compare_cams',
    'complexity',
    'convert',
    'explain',
    'export',
    'fetch',
    'find_config',
    'find_sources',
    'latencies',
    'latency',
    'load_config',
    'load_model',
    'make_exportable',
    'make_label_maps',
    'memory',
    'memory_of_step',
    'permute_head',
    'predictor',
    'reproduce',
    'search',
    'slice_head',
]
