"""What a query attends to in a global block: rows of the affinity of Eq. 7, as in Fig. 2."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ..layers import (
    Attention,
    DividedBlock,
    GlobalBlock,
    HourglassBlock,
    PooledBlock,
    most_attended,
    pad_to_windows,
    partition,
)
from ..layers.ablations import pool_tokens, split_heads_of_context
from ..models import checks
from ..models.uniformer import NUM_STAGES, UniFormer

Axis = Literal['space', 'time']


def affinity(
    attention: Attention,
    x: Tensor,
    context: Tensor | None = None,
    rows: Sequence[int] | None = None,
) -> Tensor:
    """Compute the softmax of Eq. 7 for the tokens ``x`` ``(B, N, C)``: ``(B, heads, N, M)``.

    Applied to the values of ``context`` ``(B, M, C)``, by default ``x``, and projected, this is
    what ``attention`` returns.

    Args:
        rows: queries to compute, all by default.
    """
    if context is None:
        q, k, _ = attention.split_heads(x)
    else:
        q, k, _ = split_heads_of_context(attention, x, context)
    if rows is not None:
        q = q[:, :, list(rows)]
    return (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)).softmax(-1)


@dataclass(frozen=True)
class BlockInputs:
    """What a block attends to.

    Attributes:
        size: ``(*S)`` of its input map.
        tokens: ``(B, N, C)`` after the norm.
        score: ``(B, N)`` of each position; in light nets after their first global block.
    """

    size: tuple[int, ...]
    tokens: Tensor
    score: Tensor | None = None


def find_global_block(backbone: nn.Module, stage: int, block: int) -> GlobalBlock:
    """Return a global block; stage and block are counted from 1.

    Raises:
        ValueError: there is none, or it is local.
    """
    found = find_block(backbone, stage, block)
    if not isinstance(found, GlobalBlock):
        stages = stages_of(backbone, GlobalBlock)
        hint = f'stages {stages} of this net do' if stages else 'no stage of this net does'
        raise ValueError(f'blocks of stage {stage} are local and do not attend; {hint}')
    return found


def find_block(backbone: nn.Module, stage: int, block: int) -> nn.Module:
    """Return a block; stage and block are counted from 1.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(backbone, UniFormer):
        raise ValueError(
            f'{type(backbone).__name__} has no stages of blocks; this is for UniFormer, '
            'UniFormer3D and the light nets'
        )
    if not 1 <= stage <= NUM_STAGES:
        raise ValueError(f'there is no stage {stage}; stages are counted from 1 to {NUM_STAGES}')
    blocks = backbone.stage(stage - 1)[1]
    if not 1 <= block <= len(blocks):
        raise ValueError(f'stage {stage} has blocks 1 to {len(blocks)}, there is no {block}')
    return blocks[block - 1]


def stages_of(backbone: nn.Module, *types: type[nn.Module]) -> list[int]:
    """Return the stages, counted from 1, whose blocks are of these types."""
    stages = range(1, NUM_STAGES + 1)
    return [stage for stage in stages if isinstance(find_block(backbone, stage, 1), types)]


def run_with_hooks(net: nn.Module, x: Tensor, handles: Sequence[RemovableHandle]) -> None:
    """Run ``net`` on ``x``, and remove the hooks."""
    try:
        net(x)
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def capture_inputs(
    backbone: nn.Module, block: GlobalBlock, x: Tensor, axis: Axis = 'space'
) -> BlockInputs:
    """Run ``backbone`` on ``x`` and return the inputs of the attention of ``block``.

    Raises:
        ValueError: more than one sample, or an axis that ``block`` does not attend along.
    """
    check_single(x)
    norm = _find_norm(block, axis)
    captured: dict = {}

    def keep_input(module: nn.Module, inputs: tuple) -> None:
        (given,) = inputs
        captured['size'] = tuple((given if isinstance(given, Tensor) else given.map).shape[2:])
        captured['score'] = None if isinstance(given, Tensor) else given.score

    def keep_tokens(module: nn.Module, inputs: tuple, out: Tensor) -> None:
        captured['tokens'] = out

    handles = [
        block.register_forward_pre_hook(keep_input),
        norm.register_forward_hook(keep_tokens),
    ]
    run_with_hooks(backbone, x, handles)
    return BlockInputs(**captured)


@torch.no_grad()
def attention_map(
    backbone: nn.Module,
    x: Tensor,
    stage: int,
    block: int,
    query: Sequence[int],
    axis: Axis = 'space',
) -> Tensor:
    """Return what the token at ``query`` attends to in a block, for each head: ``(heads, *S)``.

    Args:
        x: one image ``(1, C, H, W)`` or clip ``(1, C, T, H, W)``.
        stage, block: counted from 1.
        query: position in the map of the stage, ``(row, column)``; in clips with the frame first.
        axis: of divided attention, which attends twice: ``'space'``, within the frame of ``query``,
            or ``'time'``, to its position in all frames. Other attention has ``'space'`` alone.

    Returns:
        Weights that sum to 1 over the map, for each head. In windows, they are 0 outside of the
        query's window, and sum to less than 1 if it reaches over the border, where padding is
        attended to as well. With divided attention, they are 0 in other frames, or at other
        positions. With ``kv_stride``, they are of the pooled map. In light nets, pruned tokens
        share the weight of their mean, and the class token takes the rest of the sum.

    Raises:
        ValueError: no such block, a local one, no such position or axis.
    """
    found = find_global_block(backbone, stage, block)
    inputs = capture_inputs(backbone, found, x, axis)
    position = flatten_position(query, inputs.size)
    if isinstance(found, HourglassBlock):
        return _attend_hourglass(found, inputs, position)
    if isinstance(found, DividedBlock):
        return _attend_divided(found, inputs, query, axis)
    if found.window_size is not None:
        return _attend_in_window(found.attn, found.window_size, inputs, query)
    context, size = None, inputs.size
    if isinstance(found, PooledBlock):
        context = pool_tokens(inputs.tokens, inputs.size, found.kv_stride)
        size = (*size[:-2], *(-(-side // found.kv_stride) for side in size[-2:]))
    return affinity(found.attn, inputs.tokens, context, [position])[0, :, 0].unflatten(-1, size)


def check_single(x: Tensor) -> None:
    """Raise ValueError for a batch of more than one sample."""
    if len(x) != 1:
        raise ValueError(f'one image or clip at a time, got a batch of {len(x)}')


def _find_norm(block: GlobalBlock, axis: Axis) -> nn.Module:
    """Return the norm before the attention along ``axis``."""
    checks.choice('axis', axis, Axis)
    if axis == 'space':
        return block.norm1
    if not isinstance(block, DividedBlock):
        raise ValueError(
            "axis 'time' is of divided attention; this block attends once, to space and time alike"
        )
    return block.t_norm


def flatten_position(query: Sequence[int], size: Sequence[int]) -> int:
    """Return the index of the token at ``query`` in a flattened map of ``size``.

    Raises:
        ValueError: it is outside of the map.
    """
    if len(query) != len(size) or not all(
        0 <= at < side for at, side in zip(query, size, strict=True)
    ):
        raise ValueError(
            f'query {tuple(query)} is no position of the map, which is {"×".join(map(str, size))}; '
            'positions are counted from 0'
        )
    position = 0
    for at, side in zip(query, size, strict=True):
        position = position * side + at
    return position


def _attend_in_window(
    attention: Attention, side: int, inputs: BlockInputs, query: Sequence[int]
) -> Tensor:
    height, width = inputs.size
    maps = pad_to_windows(inputs.tokens.unflatten(1, (height, width)), side)
    columns = maps.shape[2] // side
    (top, row), (left, column) = (divmod(at, side) for at in query)
    window = partition(maps, side)[top * columns + left].unsqueeze(0)
    weights = affinity(attention, window, rows=[row * side + column])[0, :, 0]
    out = weights.new_zeros(len(weights), *maps.shape[1:3])
    here = slice(top * side, (top + 1) * side), slice(left * side, (left + 1) * side)
    out[:, here[0], here[1]] = weights.unflatten(-1, (side, side))
    return out[:, :height, :width]


def _attend_divided(
    block: DividedBlock, inputs: BlockInputs, query: Sequence[int], axis: Axis
) -> Tensor:
    frames, *size = inputs.size
    frame, place = query[0], flatten_position(query[1:], size)
    tokens = inputs.tokens.unflatten(1, (frames, -1))
    out = tokens.new_zeros(block.attn.num_heads, *tokens.shape[1:3])
    if axis == 'space':
        out[:, frame] = affinity(block.attn, tokens[:, frame], rows=[place])[0, :, 0]
    else:
        out[:, :, place] = affinity(block.t_attn, tokens[:, :, place], rows=[frame])[0, :, 0]
    return out.unflatten(-1, size)


def _attend_hourglass(block: HourglassBlock, inputs: BlockInputs, position: int) -> Tensor:
    """Spread the weights of ``[class token, kept tokens, mean of the rest]`` over the map."""
    count = math.prod(inputs.size)
    if inputs.score is None:
        weights = affinity(block.attn, inputs.tokens, rows=[1 + position])[0, :, 0]
        return weights[:, 1:].unflatten(-1, inputs.size)
    kept = most_attended(inputs.score, int(count * block.prune_ratio))[0]
    rank = (kept == position).nonzero().flatten().tolist()
    row = 1 + rank[0] if rank else len(kept) + 1
    weights = affinity(block.attn, inputs.tokens, rows=[row])[0, :, 0]
    out = (weights[:, -1:] / (count - len(kept))).repeat(1, count)
    out[:, kept] = weights[:, 1:-1]
    return out.unflatten(-1, inputs.size)
