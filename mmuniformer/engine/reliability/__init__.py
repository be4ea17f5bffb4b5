"""Long runs that survive a full disk, a NaN, a damaged file or a restart. No part needs UniFormer.

Checkpoints are written atomically; a loss that is not finite stops the run; unreadable files are
skipped; random numbers after ``--resume`` are those of an uninterrupted run.
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
