"""Parameters and FLOPs of the models of configs, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from .configs import load_config
from .flops import COUNTERS, FlopMeter, Part, count_parameters, runs_on_meta
from .model import build_model, get_in_channels
from .toolbox import check_shape, count_views, find_toolbox


@dataclass(frozen=True)
class Complexity:
    """What a model costs; one multiply-add is one FLOP, as in the papers.

    Attributes:
        shape: ``(H, W)`` or ``(T, H, W)`` of the input.
        views: inputs of a test, clips times crops.
        parameters: all that are trained, as published.
        flops: of one input.
        parts: backbone, neck and heads; heads that only training runs have no FLOPs.
    """

    shape: tuple[int, ...]
    views: int
    parameters: int
    flops: int
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON takes."""
        return {
            **asdict(self),
            'shape': list(self.shape),
            'parts': [asdict(part) for part in self.parts],
        }


def complexity(config: str | Path | Config, shape: Sequence[int] | None = None) -> Complexity:
    """Count parameters and FLOPs of the model of a config.

    Attention products count; norms, activations, resizing and sampling do not. Only shapes go
    through the model, except for detectors like DETR, which read the numbers.

    Args:
        config: file, name of a config of this package, or config.
        shape: ``(H, W)`` of the input in pixels, ``(T, H, W)`` for video; as in the papers' tables
            if None.

    Example:
        >>> cost = complexity('uniformer_s_in1k')
        >>> cost.parameters, f'{cost.flops / 1e9:.2f} G', [part.part for part in cost.parts]
        (21545256, '3.63 G', ['backbone', 'head'])

    Raises:
        FileNotFoundError: there is no such config.
        ValueError: the config has no supported model, or the shape does not suit it.
    """
    config = load_config(config)
    toolbox = find_toolbox(config)
    shape = check_shape(toolbox.table_shape(config) if shape is None else shape, toolbox.axes)
    model = build_model(config)
    on_meta = toolbox.scope != 'mmdet' or runs_on_meta(model)
    device = 'meta' if on_meta else 'cpu'
    # Built, then emptied: some constructors compute with tensors, which fails on the meta device.
    model.to(device).eval().requires_grad_(False)
    meter = FlopMeter()
    x = torch.zeros(1, get_in_channels(model), *shape, device=device)
    COUNTERS[toolbox.scope](model, x, meter)
    meter.add_unused_parts(model)
    return Complexity(
        shape,
        count_views(config),
        count_parameters(model),
        sum(part.flops for part in meter.parts),
        tuple(meter.parts),
    )
