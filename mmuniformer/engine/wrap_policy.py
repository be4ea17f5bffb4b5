"""FSDP wrap policy: each block of UniFormer and UniFormerV2 is an FSDP unit."""

from torch import nn

from ..layers import Block
from ..layers.blocks_v2 import GlobalUniBlock, LocalUniBlock
from ..registry import FUNCTIONS
from ..weights.positions import RELATIVE_TABLE

BLOCKS = (Block, LocalUniBlock, GlobalUniBlock)


@FUNCTIONS.register_module()
def wrap_uniformer_blocks(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """Wrap every block of a backbone; all other parameters belong to the root unit.

    A process then holds its shard of the weights and one full block. In a config this is
    ``auto_wrap_policy='wrap_uniformer_blocks'`` of ``MMFullyShardedDataParallel``; torch's own FSDP
    takes the function itself. Blocks with relative positions are not wrapped: the network reads
    these outside the block, where they are sharded.

    Args:
        module: candidate module.
        recurse: whether FSDP asks to recurse into ``module``, which is always allowed.
        nonwrapped_numel: number of unwrapped parameters of ``module``; not used.
    """
    return recurse or (isinstance(module, BLOCKS) and not _has_relative_positions(module))


def _has_relative_positions(block: nn.Module) -> bool:
    return any(name.endswith(RELATIVE_TABLE) for name, _ in block.named_parameters())
