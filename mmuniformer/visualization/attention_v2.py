"""What UniFormerV2 attends to (arXiv 2211.09552, Sec. 3): in the ViT's layers, over the clip.

A layer of the ViT attends within each frame, to its class token and its patches. A global UniBlock
has one query, the clip's token, and attends to the tokens of all frames. Maps have the weights of
patches; class tokens take the rest of the sum.
"""

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers.blocks_v2 import TokenAttention
from ..models import UniFormerV2
from .attention import check_single, flatten_position, run_with_hooks
from .cam import check_number, last_layer


def token_affinity(
    attention: TokenAttention,
    query: Tensor,
    memory: Tensor | None = None,
    bias: Tensor | None = None,
    rows: Sequence[int] | None = None,
) -> Tensor:
    """Compute the softmax for the tokens ``query`` ``(B, M, C)``: ``(B, heads, M, N)``.

    Applied to the values of ``memory`` ``(B, N, C)``, by default ``query``, and projected, this is
    what ``attention`` returns.

    Args:
        bias: ``(heads, M, N)``, added before the softmax, as BEiT's relative positions are.
        rows: queries to compute, all by default.
    """
    C = query.shape[-1]
    memory = query if memory is None else memory
    if rows is not None:
        query = query[:, list(rows)]
        bias = bias if bias is None else bias[:, list(rows)]
    weight, offset = attention.in_proj_weight, attention.in_proj_bias
    q = F.linear(query, weight[:C], offset[:C])
    k = F.linear(memory, weight[C : 2 * C], offset[C : 2 * C])
    q, k = (x.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2) for x in (q, k))
    scores = q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)
    return (scores if bias is None else scores + bias).softmax(-1)


@torch.no_grad()
def patch_attention_map(
    backbone: UniFormerV2, x: Tensor, layer: int, query: Sequence[int]
) -> Tensor:
    """Return what the patch at ``query`` attends to in a layer of the ViT, for each head.

    Args:
        x: one image ``(1, C, H, W)`` or clip ``(1, C, T, H, W)``.
        layer: counted from 1.
        query: ``(row, column)`` of a patch; in clips with the frame first, as the net counts them:
            ``temporal_downsample`` has half as many as the clip.

    Returns:
        ``(heads, *S)``, of the size that :func:`patch_grid` returns; 0 in other frames.

    Raises:
        ValueError: no such layer, no such position, or another net.
    """
    size = patch_grid(backbone, x)
    position = flatten_position(query, size)
    frame, patch = divmod(position, size[-2] * size[-1])
    return _row_in_frame(backbone, x, layer, frame, 1 + patch).view(-1, *size)


@torch.no_grad()
def class_attention_map(backbone: UniFormerV2, x: Tensor, layer: int, frame: int = 0) -> Tensor:
    """Return what the class token of a frame attends to in a layer of the ViT, for each head.

    Arguments, result and errors are those of :func:`patch_attention_map`.
    """
    size = patch_grid(backbone, x)
    frames = size[0] if x.ndim == 5 else 1
    if not 0 <= frame < frames:
        raise ValueError(f'there is no frame {frame}; the ViT sees {frames}, counted from 0')
    return _row_in_frame(backbone, x, layer, frame, 0).view(-1, *size)


@torch.no_grad()
def clip_attention_map(backbone: UniFormerV2, x: Tensor, block: int | None = None) -> Tensor:
    """Return what the clip's token attends to in a global UniBlock, for each head.

    Args:
        x: one image ``(1, C, H, W)`` or clip ``(1, C, T, H, W)``.
        block: counted from 1, the last by default.

    Returns:
        ``(heads, *S)``, of the size that :func:`patch_grid` returns.

    Raises:
        ValueError: no such block, or a net without global UniBlocks.
    """
    size = patch_grid(backbone, x)
    if not backbone.global_layers:
        raise ValueError('a UniFormerV2 with out_indices has no global UniBlocks, only ViT layers')
    number = check_number(block, len(backbone.global_layers), 'global UniBlock')
    attention, given = capture_attention(backbone, f'transformer.dec.{number - 1}', x)
    weights = token_affinity(attention, **given)[0, :, 0]
    patches = size[-2] * size[-1]
    frames = weights.unflatten(-1, (-1, 1 + patches))  # (heads, T, 1 + N)
    return frames[:, :, 1:].reshape(-1, *size)


def patch_grid(backbone: UniFormerV2, x: Tensor) -> tuple[int, ...]:
    """Return rows and columns of the patches of ``x``; of clips, with the number of frames first.

    Raises:
        ValueError: another net than UniFormerV2, or an input that it does not take.
    """
    if not isinstance(backbone, UniFormerV2):
        raise ValueError(
            f'{type(backbone).__name__} is no UniFormerV2; attention_map is for nets of stages'
        )
    check_single(x)
    backbone.check_input(x)
    grid = tuple(side // backbone.arch.patch_size for side in x.shape[-2:])
    return grid if x.ndim == 4 else (-(-x.shape[2] // backbone.conv1.stride[0]), *grid)


def _row_in_frame(backbone: UniFormerV2, x: Tensor, layer: int, frame: int, row: int) -> Tensor:
    """Return weights ``(heads, T, N)`` of patches for the token ``row`` of a frame."""
    number = check_number(layer, last_layer(backbone), 'layer')
    attention, given = capture_attention(backbone, f'transformer.resblocks.{number - 1}', x)
    frames = given.pop('query')  # (T, 1 + N, C)
    weights = token_affinity(attention, frames[frame : frame + 1], **given, rows=[row])[0, :, 0]
    out = weights.new_zeros(len(weights), len(frames), weights.shape[-1] - 1)
    out[:, frame] = weights[:, 1:]
    return out


@torch.no_grad()
def capture_attention(
    backbone: UniFormerV2, block: str, x: Tensor
) -> tuple[TokenAttention, dict[str, Any]]:
    """Run ``backbone`` on ``x``; return the attention of a block and its arguments by their names.

    Args:
        block: name of the module.
    """
    attention = cast(TokenAttention, backbone.get_submodule(f'{block}.attn'))
    arguments: dict[str, Any] = {}

    def keep(module: nn.Module, inputs: tuple, named: dict) -> None:
        arguments.update(inspect.signature(module.forward).bind(*inputs, **named).arguments)

    run_with_hooks(backbone, x, [attention.register_forward_pre_hook(keep, with_kwargs=True)])
    return attention, arguments
