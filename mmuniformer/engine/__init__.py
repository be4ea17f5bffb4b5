"""What happens round the networks during training."""

from .epoch_seed import EpochSeedHook

__all__ = ['EpochSeedHook']
