"""What a user imports beside the networks: models of configs, and what can be done with them."""

from .benchmarking.run import benchmark
from .complexity import Complexity, complexity
from .configs import find_config, load_config
from .latency import latencies, latency
from .memory import memory, memory_of_step
from .model import build_model, load_model
from .reproduction.run import reproduce

__all__ = [
    'Complexity',
    'benchmark',
    'build_model',
    'complexity',
    'find_config',
    'latencies',
    'latency',
    'load_config',
    'load_model',
    'memory',
    'memory_of_step',
    'reproduce',
]
