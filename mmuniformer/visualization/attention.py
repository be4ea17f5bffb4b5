"""What a query attends to in a global block: the rows of the affinity of Eq. 7, as in Fig. 2."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

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
from ..models.uniformer import NUM_STAGES, UniFormer

AXES = ('space', 'time')


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
class Seen:
    """What came to a block: the map ``(B, C, *S)``, its tokens ``(B, N, C)`` behind the norm.

    ``score``: of each position ``(B, N)``, in a light net behind its first global block.
    """

    size: tuple[int, ...]
    tokens: Tensor
    score: Tensor | None = None


def find_global_block(backbone: nn.Module, stage: int, block: int) -> GlobalBlock:
    """Block ``block`` of ``stage``, both counted from 1.

    Raises:
        ValueError: there is none, or it is local.
    """
    found = find_block(backbone, stage, block)
    if not isinstance(found, GlobalBlock):
        kinds = [
            number + 1
            for number in range(NUM_STAGES)
            if isinstance(backbone.stage(number)[1][0], GlobalBlock)
        ]
        there = f'stages {kinds} of this net do' if kinds else 'no stage of this net does'
        raise ValueError(f'blocks of stage {stage} are local and do not attend; {there}')
    return found


def find_block(backbone: nn.Module, stage: int, block: int) -> nn.Module:
    """Block ``block`` of ``stage``, both counted from 1.

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


@torch.no_grad()
def watch(backbone: nn.Module, block: GlobalBlock, x: Tensor, axis: str = 'space') -> Seen:
    """Run ``backbone`` on ``x`` and keep what comes to the attention of ``block``.

    Raises:
        ValueError: more samples than one, or an axis that ``block`` does not attend along.
    """
    check_single(x)
    norm = _norm_of(block, axis)
    seen: dict = {}

    def keep_input(module: nn.Module, inputs: tuple) -> None:
        (given,) = inputs
        seen['size'] = tuple((given if isinstance(given, Tensor) else given.map).shape[2:])
        seen['score'] = None if isinstance(given, Tensor) else given.score

    def keep_tokens(module: nn.Module, inputs: tuple, out: Tensor) -> None:
        seen['tokens'] = out

    handles = [
        block.register_forward_pre_hook(keep_input),
        norm.register_forward_hook(keep_tokens),
    ]
    try:
        backbone(x)
    finally:
        for handle in handles:
            handle.remove()
    return Seen(**seen)


@torch.no_grad()
def attention_map(
    backbone: nn.Module,
    x: Tensor,
    stage: int,
    block: int,
    query: Sequence[int],
    axis: str = 'space',
) -> Tensor:
    """What the token at ``query`` attends to in a block, head by head: ``(heads, *S)``.

    Args:
        x: one picture ``(1, C, H, W)`` or clip ``(1, C, T, H, W)``.
        stage, block: counted from 1.
        query: position in the map of the stage, ``(row, column)``; in clips with the frame first.
        axis: of divided attention, which attends twice: ``'space'``, within the frame of ``query``,
            or ``'time'``, to its position in all frames. Other attention has ``'space'`` alone.

    Returns:
        Weights that sum to 1 over the map, for each head. In windows: 0 outside the query's, and a
        sum below 1 if the window reaches over the border, where padding is attended to as well.
        With divided attention: 0 in other frames, or at other positions. With ``kv_stride``: of the
        pooled map. In light nets the tokens that are pruned share what their mean is attended to,
        and the class token takes the rest of the sum.

    Raises:
        ValueError: no such block, a local one, no such position or axis.
    """
    found = find_global_block(backbone, stage, block)
    seen = watch(backbone, found, x, axis)
    position = position_of(query, seen.size)
    if isinstance(found, HourglassBlock):
        return _of_hourglass(found, seen, position)
    if axis == 'time':
        return _along_time(found, seen, query[0], position)
    if isinstance(found, DividedBlock):
        return _within_frame(found, seen, query[0], position)
    if found.window_size is not None:
        return _in_window(found, seen, query)
    context, size = None, seen.size
    if isinstance(found, PooledBlock):
        context = pool_tokens(seen.tokens, seen.size, found.kv_stride)
        size = (*size[:-2], *(-(-side // found.kv_stride) for side in size[-2:]))
    return affinity(found.attn, seen.tokens, context, [position])[0, :, 0].unflatten(-1, size)


def check_single(x: Tensor) -> None:
    """Refuse a batch of several with a ValueError."""
    if len(x) != 1:
        raise ValueError(f'one picture or clip at a time, got a batch of {len(x)}')


def _norm_of(block: GlobalBlock, axis: str) -> nn.Module:
    """The norm in front of the attention along ``axis``."""
    if axis not in AXES:
        raise ValueError(f'axis {axis!r} is none of {", ".join(AXES)}')
    if axis == 'space':
        return block.norm1
    if not isinstance(block, DividedBlock):
        raise ValueError(
            "axis 'time' is of divided attention; this block attends once, to space and time alike"
        )
    return block.t_norm


def position_of(query: Sequence[int], size: Sequence[int]) -> int:
    """Number of the token at ``query`` in a map of ``size``, row by row.

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


def _in_window(block: GlobalBlock, seen: Seen, query: Sequence[int]) -> Tensor:
    height, width = seen.size
    side = block.window_size
    maps = pad_to_windows(seen.tokens.unflatten(1, (height, width)), side)
    columns = maps.shape[2] // side
    (top, row), (left, column) = (divmod(at, side) for at in query)
    window = partition(maps, side)[top * columns + left].unsqueeze(0)
    weights = affinity(block.attn, window, rows=[row * side + column])[0, :, 0]
    out = weights.new_zeros(len(weights), *maps.shape[1:3])
    here = slice(top * side, (top + 1) * side), slice(left * side, (left + 1) * side)
    out[:, here[0], here[1]] = weights.unflatten(-1, (side, side))
    return out[:, :height, :width]


def _within_frame(block: DividedBlock, seen: Seen, frame: int, position: int) -> Tensor:
    frames, *size = seen.size
    tokens = seen.tokens.unflatten(1, (frames, -1))[:, frame]
    row = position % tokens.shape[1]
    weights = affinity(block.attn, tokens, rows=[row])[0, :, 0]
    out = weights.new_zeros(len(weights), *seen.size)
    out[:, frame] = weights.unflatten(-1, size)
    return out


def _along_time(block: DividedBlock, seen: Seen, frame: int, position: int) -> Tensor:
    frames, *size = seen.size
    tokens = seen.tokens.unflatten(1, (frames, -1))
    place = position % tokens.shape[2]
    weights = affinity(block.t_attn, tokens[:, :, place], rows=[frame])[0, :, 0]
    out = weights.new_zeros(*weights.shape, tokens.shape[2])
    out[:, :, place] = weights
    return out.unflatten(-1, size)


def _of_hourglass(block: HourglassBlock, seen: Seen, position: int) -> Tensor:
    """Spread the weights of ``[class token, kept tokens, mean of the rest]`` over the map."""
    count = 1
    for side in seen.size:
        count *= side
    if seen.score is None:
        weights = affinity(block.attn, seen.tokens, rows=[1 + position])[0, :, 0]
        return weights[:, 1:].unflatten(-1, seen.size)
    kept = most_attended(seen.score, int(count * block.prune_ratio))[0]
    rank = (kept == position).nonzero().flatten().tolist()
    row = 1 + rank[0] if rank else len(kept) + 1
    weights = affinity(block.attn, seen.tokens, rows=[row])[0, :, 0]
    out = (weights[:, -1:] / (count - len(kept))).repeat(1, count)
    out[:, kept] = weights[:, 1:-1]
    return out.unflatten(-1, seen.size)
