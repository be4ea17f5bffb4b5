"""Long runs that survive a full disk, NaN, damaged files and restarts, with any model.

Checkpoints are written atomically; a non-finite loss stops the run; unreadable files are
skipped; random numbers after ``--resume`` are the same as without an interruption.
"""

from .atomic_checkpoint import AtomicCheckpointHook
from .epoch_seed import EpochSeedHook
from .load_or_skip import LoadOrSkip, UnreadableError
from .non_finite import NonFiniteStopHook
from .video_reader import FallbackVideoReader

__all__ = [
    'AtomicCheckpointHook',
    'EpochSeedHook',
    'FallbackVideoReader',
    'LoadOrSkip',
    'NonFiniteStopHook',
    'UnreadableError',
]
