"""What happens round the networks during training and testing."""

from .atomic_checkpoint import AtomicCheckpointHook
from .bfloat16 import BFloat16OptimWrapper
from .epoch_seed import EpochSeedHook
from .fsdp import GroupedFSDPStrategy
from .fuse_hook import FuseHook
from .layerwise import LayerwiseOptimWrapperConstructor
from .load_or_skip import LoadOrSkip, UnreadableError
from .non_finite import NonFiniteStopHook
from .wrap_policy import wrap_uniformer_blocks

__all__ = [
    'AtomicCheckpointHook',
    'BFloat16OptimWrapper',
    'EpochSeedHook',
    'FuseHook',
    'GroupedFSDPStrategy',
    'LayerwiseOptimWrapperConstructor',
    'LoadOrSkip',
    'NonFiniteStopHook',
    'UnreadableError',
    'wrap_uniformer_blocks',
]
