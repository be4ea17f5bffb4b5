"""What happens round the networks during training."""

from .bfloat16 import BFloat16OptimWrapper
from .epoch_seed import EpochSeedHook
from .layerwise import LayerwiseOptimWrapperConstructor

__all__ = ['BFloat16OptimWrapper', 'EpochSeedHook', 'LayerwiseOptimWrapperConstructor']
