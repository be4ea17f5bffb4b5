"""FSDP wrap policy: each block of UniFormer and UniFormerV2 is one unit."""

from torch import nn

from ..layers import Block
from ..layers.blocks_v2 import GlobalUniBlock, LocalUniBlock
from ..registry import FUNCTIONS
from ..weights.positions import RELATIVE_TABLE

BLOCKS = (Block, LocalUniBlock, GlobalUniBlock)


@FUNCTIONS.register_module()
def wrap_uniformer_blocks(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """Wrap every block of a backbone; everything else belongs to the unit of the whole model.

    A process then holds its share of the weights and one whole block. In a config this is
    ``auto_wrap_policy='wrap_uniformer_blocks'`` of ``MMFullyShardedDataParallel``; torch's own FSDP
    takes the function itself. Blocks with relative positions are not wrapped: the net reads these
    from outside the block, where they are sharded.

    Args:
        module: the module in question.
        recurse: whether FSDP asks about descending into ``module``, which it always may.
        nonwrapped_numel: number of parameters of ``module`` that are in no unit yet; not used.
    """
    return recurse or (isinstance(module, BLOCKS) and not _has_relative_positions(module))


def _has_relative_positions(block: nn.Module) -> bool:
    return any(name.endswith(RELATIVE_TABLE) for name, _ in block.named_parameters())
