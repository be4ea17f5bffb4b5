"""Published weights: state dicts in, state dicts out. Nothing here imports more than torch."""

from .inflate import inflate
from .load import load_backbone, load_v2
from .read import read_checkpoint
from .report import CheckpointError, LoadReport
from .zoo import Published, find, identify, published_files

__all__ = [
    'CheckpointError',
    'LoadReport',
    'Published',
    'find',
    'identify',
    'inflate',
    'load_backbone',
    'load_v2',
    'published_files',
    'read_checkpoint',
]
