"""What happens round the networks during training and testing."""

from .bfloat16 import BFloat16OptimWrapper
from .epoch_seed import EpochSeedHook
from .fsdp import GroupedFSDPStrategy
from .fuse_hook import FuseHook
from .layerwise import LayerwiseOptimWrapperConstructor
from .non_finite import NonFiniteStopHook
from .wrap_policy import wrap_uniformer_blocks

__all__ = [
    'BFloat16OptimWrapper',
    'EpochSeedHook',
    'FuseHook',
    'GroupedFSDPStrategy',
    'LayerwiseOptimWrapperConstructor',
    'NonFiniteStopHook',
    'wrap_uniformer_blocks',
]
