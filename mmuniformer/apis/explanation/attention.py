"""Attention weights of a pixel, a class token or a whole video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from ...models import UniFormerV2
from ...visualization import (
    attention_map,
    class_attention_map,
    clip_attention_map,
    patch_attention_map,
)
from ...visualization.attention import Axis, capture_inputs, find_global_block
from ...visualization.attention_v2 import patch_grid
from ...visualization.cam import last_layer
from .inputs import Input


@dataclass(frozen=True)
class Options:
    """Selects an attention map; see :func:`~mmuniformer.apis.explanation.explain_attention`."""

    stage: int | None = None
    block: int | None = None
    axis: Axis | None = None
    layer: int | None = None
    query: Sequence[int] | None = None
    class_token: bool = False
    frame: int | None = None
    head: int | None = None


@dataclass(frozen=True)
class Attended:
    """Attention weights of one query.

    Attributes:
        weights: attention weights ``(heads, *S)``.
        query: position of the query in a map of ``size``; None for a token without a position.
    """

    weights: Tensor
    query: tuple[int, ...] | None = None
    size: tuple[int, ...] = ()


def attend(options: Options, given: Input, backbone: nn.Module) -> Attended:
    """Compute the attention that the options select.

    Raises:
        ValueError: the block, head or position does not exist, or an option does not apply to the
            network.
    """
    if not isinstance(backbone, UniFormerV2):
        check_unused(options, 'a net of stages', 'layer', 'class_token')
        attended = attend_in_stage(options, given, backbone)
    elif options.layer is not None or not backbone.global_layers:
        check_unused(options, 'a layer of a ViT', 'stage', 'block', 'axis')
        attended = attend_in_layer(options, given, backbone)
    else:
        name = 'a global UniBlock, whose query is the clip; give a layer'
        check_unused(options, name, 'stage', 'query', 'frame', 'class_token', 'axis')
        attended = Attended(clip_attention_map(backbone, given.tensor, options.block))
    heads = len(attended.weights)
    if options.head is not None and not 1 <= options.head <= heads:
        raise ValueError(f'head {options.head}: the block has heads 1 to {heads}')
    return attended


def check_unused(options: Options, name: str, *unused: str) -> None:
    for option in unused:
        if getattr(options, option) not in (None, False):
            raise ValueError(f'{option} is not for {name}')


def attend_in_stage(options: Options, given: Input, backbone: nn.Module) -> Attended:
    stage = 3 if options.stage is None else options.stage
    block = 1 if options.block is None else options.block
    axis: Axis = options.axis or 'space'
    found = find_global_block(backbone, stage, block)
    size = capture_inputs(backbone, found, given.tensor, axis).size
    query = find_query(options, given, size)
    weights = attention_map(backbone, given.tensor, stage, block, query, axis)
    return Attended(weights, query, size)


def attend_in_layer(options: Options, given: Input, backbone: UniFormerV2) -> Attended:
    layer = last_layer(backbone) if options.layer is None else options.layer
    size = patch_grid(backbone, given.tensor)
    if not options.class_token:
        query = find_query(options, given, size)
        return Attended(patch_attention_map(backbone, given.tensor, layer, query), query, size)
    if options.query is not None:
        raise ValueError('query is a patch and class_token is none; give one of them')
    frame = find_frame(options, given, size)
    return Attended(class_attention_map(backbone, given.tensor, layer, frame))


def find_query(options: Options, given: Input, size: Sequence[int]) -> tuple[int, ...]:
    """Return the position of pixel ``query`` in ``frame`` in a map of ``size``."""
    height, width = given.frames[0].shape[:2]
    x, y = options.query or (width // 2, height // 2)
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f'query {x} {y} is outside of the input, {width}×{height} pixels')
    position = (y * size[-2] // height, x * size[-1] // width)
    frame = find_frame(options, given, size)
    return (frame, *position) if given.is_video else position


def find_frame(options: Options, given: Input, size: Sequence[int]) -> int:
    """Return the frame of a map of ``size`` that contains ``frame``; 0 for an image."""
    if not given.is_video:
        if options.frame is not None:
            raise ValueError('frame is for videos, and the model takes images')
        return 0
    count = len(given.frames)
    frame = count // 2 if options.frame is None else options.frame
    if not 0 <= frame < count:
        raise ValueError(f'frame {frame}: the net sees frames 0 to {count - 1}')
    return frame * size[0] // count
