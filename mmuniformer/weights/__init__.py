"""Published weights: state dicts in, state dicts out. Nothing here knows more than torch."""

from .inflate import inflate
from .load import load_backbone, read_checkpoint
from .load_v2 import LoadReportV2, load_v2
from .report import CheckpointError, LoadReport

__all__ = [
    'CheckpointError',
    'LoadReport',
    'LoadReportV2',
    'inflate',
    'load_backbone',
    'load_v2',
    'read_checkpoint',
]
