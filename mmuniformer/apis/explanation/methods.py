"""The commands of visualize.py: each makes frames, one for a picture, and names them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from exporting.nets import load
from numpy import ndarray
from torch import Tensor, nn

from mmuniformer.models import UniFormerV2
from mmuniformer.visualization import (
    channel_mean,
    colour_components,
    kernel_sheet,
    layer_maps,
    local_affinity,
    mark,
    overlay,
    principal_components,
    side_by_side,
    stage_maps,
    write_clip,
    write_picture,
)
from mmuniformer.visualization.features import quarters
from mmuniformer.visualization.overlay import to_unit

from .attention import attend
from .inputs import Input, read_input
from .nets import explain

Drawn = tuple[str, list[ndarray], float]


def draw_cam(args: argparse.Namespace) -> Drawn:
    config, model = load(*args.models[0])
    given = read_input(args.input, config, model, args.size)
    heat, _ = explain(config.default_scope, model, given.tensor, args.stage, args.category)
    return f'{args.input.stem}_cam', heat_over(given, heat, args.strength), given.fps


def draw_comparison(args: argparse.Namespace) -> Drawn:
    columns, captions = [], []
    for config_file, checkpoint in args.models:
        config, model = load(config_file, checkpoint)
        given = read_input(args.input, config, model, args.size)
        heat, what = explain(config.default_scope, model, given.tensor, args.stage, args.category)
        columns.append(heat_over(given, heat, args.strength))
        captions.append(f'{config_file.stem}: {what}')
    if len({len(frames) for frames in columns}) > 1:
        raise ValueError('the models see different numbers of frames; compare those of one kind')
    captions = ['input', *(args.names or captions)]
    rows = zip(given.frames, *columns, strict=True)
    return f'{args.input.stem}_compare', [side_by_side(row, captions) for row in rows], given.fps


def draw_attention(args: argparse.Namespace) -> Drawn:
    config, model = load(*args.models[0])
    given = read_input(args.input, config, model, args.size)
    attended = attend(args, given, model.backbone)
    weights = attended.weights
    weights = weights.mean(0) if args.head is None else weights[args.head - 1]
    frames = heat_over(given, weights, args.strength)
    if attended.query is not None:
        frames = mark_query(frames, attended.query, attended.size, given.is_clip)
    return f'{args.input.stem}_attention', frames, given.fps


def mark_query(
    frames: Sequence[ndarray], query: Sequence[int], size: Sequence[int], is_clip: bool
) -> list[ndarray]:
    """Draw a frame around the position ``query`` of a map of ``size``, in all frames it is of."""
    height, width = frames[0].shape[:2]
    box = (
        query[-1] * width / size[-1], query[-2] * height / size[-2],
        (query[-1] + 1) * width / size[-1], (query[-2] + 1) * height / size[-2],
    )  # fmt: skip
    per_step = len(frames) // size[0] if is_clip else 1
    first = query[0] * per_step if is_clip else 0
    shown = range(first, first + per_step)
    return [mark(one, box) if number in shown else one for number, one in enumerate(frames)]


def draw_features(args: argparse.Namespace) -> Drawn:
    config, model = load(*args.models[0])
    given = read_input(args.input, config, model, args.size)
    columns = [given.frames]
    size = given.frames[0].shape[:2]
    captions, maps = feature_maps(args, model.backbone, given.tensor)
    for stage in maps:
        if args.mode == 'mean':
            columns.append(heat_over(given, channel_mean(stage[0]), 1.0))
        else:
            colours = principal_components(stage[0]).numpy()
            colours = colours if given.is_clip else colours[:, None]
            frames = [colour_components(colours[:, at], size) for at in range(colours.shape[1])]
            columns.append(spread(frames, len(given.frames)))
    captions = ['input', *captions]
    rows = zip(*columns, strict=True)
    return f'{args.input.stem}_features', [side_by_side(row, captions) for row in rows], given.fps


def feature_maps(
    args: argparse.Namespace, backbone: nn.Module, x: Tensor
) -> tuple[list[str], list[Tensor]]:
    """Maps behind all stages, or behind layers of UniFormerV2's ViT, and their names."""
    if isinstance(backbone, UniFormerV2):
        layers = sorted(set(args.layers or quarters(backbone)))
        return [f'layer {layer}' for layer in layers], layer_maps(backbone, x, layers)
    if args.layers:
        raise ValueError(f'--layers is for UniFormerV2; a {type(backbone).__name__} has stages')
    maps = stage_maps(backbone, x)
    return [f'stage {number + 1}' for number in range(len(maps))], maps


def draw_affinity(args: argparse.Namespace) -> Drawn:
    _, model = load(*args.models[0])
    kernels = local_affinity(model.backbone, args.stage, args.block).numpy()
    if kernels.ndim == 4:  # those of a clip, frame by frame from left to right
        kernels = np.concatenate(list(kernels.transpose(1, 0, 2, 3)), 2)
    name = f'{args.models[0][0].stem}_affinity_{args.stage}_{args.block}'
    return name, [kernel_sheet(kernels, columns=16 if kernels.shape[2] < 10 else 6)], 0.0


def heat_over(given: Input, heat: Tensor, strength: float) -> list[ndarray]:
    """Heat ``(h, w)`` or ``(t, h, w)`` over the input; stretched as a whole, not frame by frame."""
    maps = to_unit(heat.float().numpy())
    maps = list(maps) if given.is_clip else [maps]
    maps = spread(maps, len(given.frames))
    return [overlay(frame, one, strength) for frame, one in zip(given.frames, maps, strict=True)]


def spread(items: Sequence[ndarray], count: int) -> list[ndarray]:
    """Repeat maps of fewer frames: time is halved before stage 1."""
    return [items[number * len(items) // count] for number in range(count)]


def write(out: Path | None, folder: Path, name: str, frames: Sequence[ndarray], fps: float) -> Path:
    """Write a PNG, or an MPEG-4 of several frames.

    Raises:
        ValueError: the name has another ending.
    """
    ending = '.mp4' if fps else '.png'
    path = out or folder / f'{name}{ending}'
    if path.suffix.lower() != ending:
        raise ValueError(f'--out {path}: this is written as {ending}')
    if fps:
        write_clip(path, frames, fps)
    else:
        write_picture(path, frames[0])
    return path


COMMANDS: dict[str, Callable[[argparse.Namespace], Drawn]] = {
    'cam': draw_cam,
    'attention': draw_attention,
    'features': draw_features,
    'affinity': draw_affinity,
    'compare': draw_comparison,
}
