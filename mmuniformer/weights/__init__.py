"""Published weights: state dicts in, state dicts out. Nothing here knows more than torch."""

from .inflate import inflate
from .load import load_backbone, read_checkpoint
from .load_v2 import LoadReportV2, load_v2
from .report import CheckpointError, LoadReport
from .zoo import Published, find, identify, published_files

__all__ = [
    'CheckpointError',
    'LoadReport',
    'LoadReportV2',
    'Published',
    'find',
    'identify',
    'inflate',
    'load_backbone',
    'load_v2',
    'published_files',
    'read_checkpoint',
]
