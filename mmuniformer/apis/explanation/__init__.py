"""Explain models on an image or video: CAMs, attention, features, affinities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mmengine.model import BaseModel
from numpy import ndarray
from torch import Tensor, nn

from ...models import UniFormerV2
from ...models.checks import choice
from ...visualization import (
    channel_mean,
    color_components,
    kernel_sheet,
    layer_maps,
    local_affinity,
    principal_components,
    side_by_side,
    stage_maps,
)
from ...visualization.attention import Axis
from ...visualization.features import quartile_layers
from ..configs import load_config
from ..model import load_model
from ..toolbox import find_toolbox
from .attention import Options, attend
from .cam import compute_cam
from .drawing import Explanation, draw_heat, draw_query, repeat_frames
from .inputs import Input, check_input, read_input

__all__ = [
    'Axis',
    'Explanation',
    'Mode',
    'compare_cams',
    'explain',
    'explain_affinity',
    'explain_attention',
    'explain_cam',
    'explain_features',
]

Size = Sequence[int]
Method = Literal['cam', 'attention', 'features']
Mode = Literal['pca', 'mean']


def explain(
    config: str | Path,
    checkpoint: str | Path,
    path: str | Path,
    method: Method = 'cam',
    **options: Any,
) -> Explanation:
    """Visualize the model of a config on an image or video.

    Args:
        config: config file, or name of a config of this package.
        checkpoint: file written by training, or ``'random'``.
        path: image, or video for a video model.
        method: see :func:`explain_cam`, :func:`explain_attention` and :func:`explain_features`.
        options: options of the method.

    Example:
        >>> from mmuniformer.apis.media import write_image
        >>> write_image('gray.png', np.full((48, 64, 3), 128, np.uint8))
        >>> shown = explain('mini_uniformer_s_in1k', 'random', 'gray.png', 'features')
        >>> shown.frames[0].shape  # the input and the maps of four stages
        (70, 344, 3)
        >>> shown.save('features.png').name
        'features.png'

    Raises:
        FileNotFoundError: the config, checkpoint or input does not exist.
        ValueError: the method is unknown, or an option is invalid for the model.
    """
    choice('method', method, Method)
    return METHODS[method](config, checkpoint, path, **options)


def explain_cam(
    config: str | Path,
    checkpoint: str | Path,
    path: str | Path,
    *,
    size: Size | None = None,
    strength: float = 0.5,
    stage: int | None = None,
    category: int | None = None,
) -> Explanation:
    """Draw the Grad-CAM of a stage.

    Args:
        size: input size ``(H, W)`` in pixels; default: that of the config's test pipeline.
        strength: opacity of the heat map, from 0 to 1.
        stage: 1-based stage, default: the last one; for UniFormerV2, a layer of its ViT.
        category: 0-based class or keypoint to explain; default: the prediction.
    """
    heat, given, _ = _compute_cam(config, checkpoint, path, size, stage, category)
    return Explanation(draw_heat(given, heat, strength), given.fps, f'{Path(path).stem}_cam')


def compare_cams(
    models: Sequence[tuple[str | Path, str | Path]],
    path: str | Path,
    *,
    names: Sequence[str] | None = None,
    size: Size | None = None,
    strength: float = 0.5,
    stage: int | None = None,
    category: int | None = None,
) -> Explanation:
    """Draw the CAMs of several models side by side.

    Args:
        models: config and checkpoint of each model.
        names: captions; default: names of the configs and what the CAMs explain.
    """
    if names and len(names) != len(models):
        raise ValueError(f'{len(models)} models need as many names, got {len(names)}')
    columns, captions = [], []
    for config, checkpoint in models:
        heat, given, target = _compute_cam(config, checkpoint, path, size, stage, category)
        columns.append(draw_heat(given, heat, strength))
        captions.append(f'{Path(config).stem}: {target}')
    if len({len(frames) for frames in columns}) > 1:
        raise ValueError('the models see different numbers of frames and cannot be compared')
    columns, captions = [given.frames, *columns], ['input', *(names or captions)]
    return _join_columns(columns, captions, given, f'{Path(path).stem}_compare')


def explain_attention(
    config: str | Path,
    checkpoint: str | Path,
    path: str | Path,
    *,
    size: Size | None = None,
    strength: float = 0.5,
    stage: int | None = None,
    block: int | None = None,
    axis: Axis | None = None,
    layer: int | None = None,
    query: Sequence[int] | None = None,
    class_token: bool = False,
    frame: int | None = None,
    head: int | None = None,
) -> Explanation:
    """Draw the attention of one position, a class token or a whole video in a global block.

    Args:
        size, strength: see :func:`explain_cam`.
        stage: 1-based stage, default: 3.
        block: 1-based block of the stage, default: the first one; for UniFormerV2, a global
            UniBlock, default: the last one.
        axis: for divided attention: within the frame of the query (``'space'``, the default), or at
            its position in all frames (``'time'``).
        layer: layer of UniFormerV2's ViT, instead of a global UniBlock.
        query: ``(x, y)`` of the query pixel; default: the center.
        class_token: with ``layer``, use the class token as query.
        frame: 0-based frame of the query in a video; default: the middle one.
        head: 1-based head; default: the mean of all heads.
    """
    model, given = _load(config, checkpoint, path, size)
    options = Options(stage, block, axis, layer, query, class_token, frame, head)
    attended = attend(options, given, model.backbone)
    weights = attended.weights.mean(0) if head is None else attended.weights[head - 1]
    frames = draw_heat(given, weights, strength)
    if attended.query is not None:
        frames = draw_query(frames, attended.query, attended.size, given.is_video)
    return Explanation(frames, given.fps, f'{Path(path).stem}_attention')


def explain_features(
    config: str | Path,
    checkpoint: str | Path,
    path: str | Path,
    *,
    size: Size | None = None,
    mode: Mode = 'pca',
    layers: Sequence[int] | None = None,
) -> Explanation:
    """Draw the feature maps of all stages side by side.

    Args:
        size: see :func:`explain_cam`.
        mode: first three principal components as colors, or mean absolute value.
        layers: 1-based layers of UniFormerV2's ViT; default: the last one of each quarter.
    """
    choice('mode', mode, Mode)
    model, given = _load(config, checkpoint, path, size)
    columns = [given.frames]
    names, maps = _compute_maps(model.backbone, given.tensor, layers)
    for one in maps:
        if mode == 'mean':
            columns.append(draw_heat(given, channel_mean(one[0]), 1.0))
        else:
            columns.append(_draw_components(given, principal_components(one[0]).numpy()))
    return _join_columns(columns, ['input', *names], given, f'{Path(path).stem}_features')


def explain_affinity(
    config: str | Path, checkpoint: str | Path, *, stage: int = 1, block: int = 1
) -> Explanation:
    """Draw the learned affinities of a local block, for videos with frames from left to right.

    Args:
        stage, block: 1-based indices.
    """
    backbone = load_model(config, checkpoint).backbone
    kernels = local_affinity(backbone, stage, block).numpy()
    if kernels.ndim == 4:
        kernels = np.concatenate(list(kernels.transpose(1, 0, 2, 3)), 2)
    sheet = kernel_sheet(kernels, columns=16 if kernels.shape[2] < 10 else 6)
    return Explanation([sheet], 0.0, f'{Path(config).stem}_affinity_{stage}_{block}')


METHODS: Mapping[Method, Callable[..., Explanation]] = {
    'cam': explain_cam,
    'attention': explain_attention,
    'features': explain_features,
}


def _load(
    config: str | Path, checkpoint: str | Path, path: str | Path, size: Size | None
) -> tuple[BaseModel, Input]:
    check_input(Path(path), size)
    loaded = load_config(config)
    model = load_model(loaded, checkpoint)
    return model, read_input(Path(path), loaded, model, size)


def _compute_cam(
    config: str | Path,
    checkpoint: str | Path,
    path: str | Path,
    size: Size | None,
    stage: int | None,
    category: int | None,
) -> tuple[Tensor, Input, str]:
    model, given = _load(config, checkpoint, path, size)
    toolbox = find_toolbox(load_config(config))
    heat, target = compute_cam(toolbox, model, given.tensor, stage, category)
    return heat, given, target


def _compute_maps(
    backbone: nn.Module, x: Tensor, layers: Sequence[int] | None
) -> tuple[list[str], list[Tensor]]:
    """Return names and feature maps of all stages, or of layers of UniFormerV2's ViT."""
    if isinstance(backbone, UniFormerV2):
        layers = sorted(set(layers or quartile_layers(backbone)))
        return [f'layer {layer}' for layer in layers], layer_maps(backbone, x, layers)
    if layers:
        raise ValueError(f'layers is for UniFormerV2; a {type(backbone).__name__} has stages')
    maps = stage_maps(backbone, x)
    return [f'stage {number + 1}' for number in range(len(maps))], maps


def _draw_components(given: Input, components: ndarray) -> list[ndarray]:
    components = components if given.is_video else components[:, None]
    size = given.frames[0].shape[:2]
    frames = [color_components(components[:, at], size) for at in range(components.shape[1])]
    return repeat_frames(frames, len(given.frames))


def _join_columns(
    columns: Sequence[Sequence[ndarray]], captions: Sequence[str], given: Input, name: str
) -> Explanation:
    rows = zip(*columns, strict=True)
    return Explanation([side_by_side(row, captions) for row in rows], given.fps, name)
