"""Training and testing: optimizer groups, bfloat16, FSDP, fused inference and reliability."""

from .bfloat16 import BFloat16OptimWrapper
from .fsdp import GroupedFSDPStrategy
from .fuse_hook import FuseHook
from .layerwise import LayerwiseOptimWrapperConstructor
from .reliability import (
    AtomicCheckpointHook,
    EpochSeedHook,
    LoadOrSkip,
    NonFiniteStopHook,
    UnreadableError,
)
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
