"""Parameters and FLOPs of models and their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config

from .configs import load_config
from .flops import FlopMeter, Part, count_model, count_parameters, runs_on_meta
from .model import build_model, get_in_channels
from .toolbox import check_shape, count_views, find_toolbox


@dataclass(frozen=True)
class Complexity:
    """Cost of a model; a multiply-add counts as one FLOP, as in the papers.

    Attributes:
        shape: input shape, ``(H, W)`` or ``(T, H, W)``.
        views: number of views at test time, clips times crops.
        parameters: number of parameters.
        flops: FLOPs of one view.
        parts: backbone, neck and heads; heads that run only in training have 0 FLOPs.
    """

    shape: tuple[int, ...]
    views: int
    parameters: int
    flops: int
    parts: tuple[Part, ...]


def complexity(config: str | Path | Config, shape: Sequence[int] | None = None) -> Complexity:
    """Count parameters and FLOPs of the model of a config.

    Matrix products of attention count; norms, activations, resizing and sampling do not. The model
    runs on the meta device, except for detectors like DETR, which read values.

    Args:
        config: config file, name of a config of this package, or a loaded config.
        shape: ``(H, W)`` of the input in pixels, ``(T, H, W)`` for video; default: that of the
            papers' tables.

    Example:
        >>> cost = complexity('uniformer_s_in1k')
        >>> cost.parameters, f'{cost.flops / 1e9:.2f} G', [part.part for part in cost.parts]
        (21545256, '3.63 G', ['backbone', 'head'])

    Raises:
        FileNotFoundError: the config does not exist.
        ValueError: the config has no supported model, or the shape is invalid.
    """
    config = load_config(config)
    toolbox = find_toolbox(config)
    shape = check_shape(toolbox.table_shape(config) if shape is None else shape, toolbox.axes)
    model = build_model(config)
    on_meta = toolbox.scope != 'mmdet' or runs_on_meta(model)
    device = 'meta' if on_meta else 'cpu'
    # Moved after building: some constructors compute with tensors, which fails on the meta device.
    model.to(device).eval().requires_grad_(False)
    meter = FlopMeter()
    x = torch.zeros(1, get_in_channels(model), *shape, device=device)
    count_model(model, x, meter, toolbox)
    meter.add_unused_parts(model)
    return Complexity(
        shape,
        count_views(config),
        count_parameters(model),
        sum(part.flops for part in meter.parts),
        tuple(meter.parts),
    )
