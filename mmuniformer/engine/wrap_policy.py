"""Which parts of a model FSDP shards as one unit: the blocks of UniFormer and UniFormerV2."""

from torch import nn

from ..layers import GlobalBlock, LocalBlock, MobileBlock
from ..layers.blocks_v2 import GlobalUniBlock, LocalUniBlock
from ..registry import FUNCTIONS
from ..weights.positions import RELATIVE_TABLE

BLOCKS = (LocalBlock, MobileBlock, GlobalBlock, LocalUniBlock, GlobalUniBlock)


@FUNCTIONS.register_module()
def wrap_uniformer_blocks(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """Wrap every block of a backbone on its own; all else goes into the unit of the whole model.

    Of the weights, a process then holds its share and one block. In a config it is
    ``auto_wrap_policy='wrap_uniformer_blocks'`` of ``MMFullyShardedDataParallel``; torch's own FSDP
    takes the function itself. Blocks of the window and divided patterns, of the light nets and of
    UniFormerV2 are blocks too. Those with relative positions are not: the net reads these from
    outside of the block, where they are in shards.

    Args:
        module: what is asked about.
        recurse: whether FSDP asks about going into ``module``, which it always may.
        nonwrapped_numel: parameters of ``module`` that no unit has yet; a block counts however few.
    """
    return recurse or (isinstance(module, BLOCKS) and not _has_relative_positions(module))


def _has_relative_positions(block: nn.Module) -> bool:
    return any(name.endswith(RELATIVE_TABLE) for name, _ in block.named_parameters())
