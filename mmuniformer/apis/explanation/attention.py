"""The command `attention`: what a pixel, a class token or a whole clip attends to."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from mmuniformer.models import UniFormerV2
from mmuniformer.visualization import (
    attention_map,
    class_attention_map,
    clip_attention_map,
    patch_attention_map,
)
from mmuniformer.visualization.attention import find_global_block, watch
from mmuniformer.visualization.attention_v2 import patch_grid
from mmuniformer.visualization.cam import last_layer

from .inputs import Input


@dataclass(frozen=True)
class Attended:
    """Weights ``(heads, *S)``, and where on the map of that size the query is, if it has a place.

    Attributes:
        size: of the map that the query is a position of.
    """

    weights: Tensor
    query: tuple[int, ...] | None = None
    size: tuple[int, ...] = ()


def attend(args: argparse.Namespace, given: Input, backbone: nn.Module) -> Attended:
    """Compute what the options ask for.

    Raises:
        ValueError: there is no such block, head or position, or an option is not for this net.
    """
    kind, what, foreign = kind_of(args, backbone)
    for name in foreign:
        if getattr(args, name) is not None:
            raise ValueError(f'--{name.replace("_", "-")} is not for {what}')
    attended = kind(args, given, backbone)
    heads = len(attended.weights)
    if args.head is not None and not 1 <= args.head <= heads:
        raise ValueError(f'--head {args.head}: the block has heads 1 to {heads}')
    return attended


Kind = Callable[[argparse.Namespace, Input, nn.Module], Attended]


def kind_of(args: argparse.Namespace, backbone: nn.Module) -> tuple[Kind, str, tuple[str, ...]]:
    """Of attention: its function, its name, and the options that it does not take."""
    if not isinstance(backbone, UniFormerV2):
        return in_stage, 'a net of stages', ('layer', 'class_token')
    if args.layer is not None or not backbone.global_layers:
        return in_layer, 'a layer of a ViT', ('stage', 'block', 'axis')
    foreign = ('stage', 'query', 'frame', 'class_token', 'axis')
    return over_clip, 'a global UniBlock, whose query is the clip; give --layer', foreign


def in_stage(args: argparse.Namespace, given: Input, backbone: nn.Module) -> Attended:
    stage = 3 if args.stage is None else args.stage
    block = 1 if args.block is None else args.block
    axis = args.axis or 'space'
    found = find_global_block(backbone, stage, block)
    size = watch(backbone, found, given.tensor, axis).size
    query = query_position(args, given, size)
    weights = attention_map(backbone, given.tensor, stage, block, query, axis)
    return Attended(weights, query, size)


def in_layer(args: argparse.Namespace, given: Input, backbone: UniFormerV2) -> Attended:
    layer = last_layer(backbone) if args.layer is None else args.layer
    size = patch_grid(backbone, given.tensor)
    if not args.class_token:
        query = query_position(args, given, size)
        return Attended(patch_attention_map(backbone, given.tensor, layer, query), query, size)
    if args.query:
        raise ValueError('--query is a patch and --class-token none; give one of them')
    frame = frame_position(args, given, size)
    return Attended(class_attention_map(backbone, given.tensor, layer, frame))


def over_clip(args: argparse.Namespace, given: Input, backbone: UniFormerV2) -> Attended:
    return Attended(clip_attention_map(backbone, given.tensor, args.block))


def query_position(args: argparse.Namespace, given: Input, size: Sequence[int]) -> tuple[int, ...]:
    """Position in the map of ``size`` that belongs to the pixel ``--query`` of ``--frame``."""
    height, width = given.frames[0].shape[:2]
    x, y = args.query or (width // 2, height // 2)
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f'--query {x} {y} is outside of the input, {width}×{height} pixels')
    position = (y * size[-2] // height, x * size[-1] // width)
    frame = frame_position(args, given, size)
    return (frame, *position) if given.is_clip else position


def frame_position(args: argparse.Namespace, given: Input, size: Sequence[int]) -> int:
    """Frame of the map of ``size`` that ``--frame`` is in; 0 for a picture."""
    if not given.is_clip:
        if args.frame is not None:
            raise ValueError('--frame is for clips, and the model takes pictures')
        return 0
    count = len(given.frames)
    frame = count // 2 if args.frame is None else args.frame
    if not 0 <= frame < count:
        raise ValueError(f'--frame {frame}: the net sees frames 0 to {count - 1}')
    return frame * size[0] // count
