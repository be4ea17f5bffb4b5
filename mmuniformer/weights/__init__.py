"""Published weights: state dicts in, state dicts out. Nothing here knows more than torch."""

from .inflate import inflate
from .load import CheckpointError, LoadReport, load_backbone, read_checkpoint

__all__ = ['CheckpointError', 'LoadReport', 'inflate', 'load_backbone', 'read_checkpoint']
