"""Memory that the backbones of configs need in a training step, computed from shapes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import Tensor, nn

from .benchmarking.nets import masked
from .configs import load_config
from .toolbox import TOOLBOXES, check_shape

# Backbones that are not named here have one pattern.
PATTERNS = {'UniFormer': ('global', 'hybrid', 'window'), 'UniFormer3D': ('joint', 'divided')}
IMAGE_SHAPE = (800, 1280)
SCOPE = 'mmengine'  # of configs that state none


@dataclass(frozen=True)
class Variant:
    """A backbone with an attention pattern and a choice of blocks that are recomputed.

    Attributes:
        attention: the pattern, '' for a backbone that has only one.
        recomputed: what activation checkpointing recomputes, in words.
        backbone: its config.
        shape: of one input without batch and channels.
        as_stated: whether the config states this pattern.
        scope: in which the type of the backbone is looked up.
    """

    attention: str
    recomputed: str
    backbone: dict
    shape: tuple[int, ...]
    as_stated: bool
    scope: str

    def measure(self) -> int:
        """Return bytes, as :func:`memory` does."""
        return memory_of_backbone(self.backbone, self.shape, self.scope)


def memory(config: str | Path | Config, shape: Sequence[int] | None = None) -> int:
    """Return the bytes that the backbone of a config needs for one input in a training step.

    Activations and temporary tensors in float32 (bfloat16 needs about half) at the peak of forward
    and backward pass; parameters, their gradients and the optimizer's states come on top. Only
    shapes go through the network. Nothing is downloaded.

    Args:
        config: file, name of a config of this package, or config.
        shape: ``(H, W)`` of an image in pixels, (800, 1280) if None; ``(T, H, W)`` of a clip, that
            of the config if None.

    Example:
        >>> hybrid = memory('mask_rcnn_uniformer_s_h14_1x', (64, 128))
        >>> hybrid == memory('mask_rcnn_uniformer_s_h14_1x', (128, 64))
        True

    Raises:
        FileNotFoundError: there is no such config.
        ValueError: the config has no UniFormer backbone, or the shape does not suit it.
    """
    config = load_config(config)
    backbone, shape = find_backbone(config), find_shape(config, shape)
    return memory_of_backbone(backbone, shape, config.get('default_scope', SCOPE))


def list_variants(config: str | Path | Config, shape: Sequence[int] | None = None) -> list[Variant]:
    """List all attention patterns of the backbone of a config, with and without recomputation.

    Arguments and errors are those of :func:`memory`.

    Example:
        >>> [(row.attention, row.recomputed) for row in list_variants('uniformer_s_16x4_k400')]
        ... # doctest: +NORMALIZE_WHITESPACE
        [('joint', 'nothing'), ('joint', 'every block'),
         ('divided', 'nothing'), ('divided', 'every block')]
    """
    config = load_config(config)
    backbone, shape = find_backbone(config), find_shape(config, shape)
    scope = config.get('default_scope', SCOPE)
    stated = backbone.get('with_cp', False)
    partly = {}
    if isinstance(stated, Sequence) and any(stated):
        partly = {f'{tuple(stated)}, as stated': stated}
    elif stated and not isinstance(stated, bool | Sequence):
        partly = {f'the first {stated}, as stated': stated}
    recomputed = {'nothing': False, **partly, 'every block': True}
    variants = []
    for pattern in PATTERNS.get(_name_type(backbone), ('',)):
        attention = {'attention': pattern} if pattern else {}
        as_stated = bool(pattern) and pattern == backbone.get('attention')
        for name, with_cp in recomputed.items():
            variant = {**backbone, **attention, 'with_cp': with_cp}
            variants.append(Variant(pattern, name, variant, shape, as_stated, scope))
    return variants


def find_backbone(config: Config) -> dict:
    """Return the config of the backbone, without weights to load.

    Raises:
        ValueError: there is no UniFormer backbone.
    """
    backbone = config.get('model', {}).get('backbone')
    if backbone is None or not _name_type(backbone).startswith('UniFormer'):
        raise ValueError('the config has no model with a UniFormer backbone')
    return {**backbone.to_dict(), 'init_cfg': None}


def _name_type(backbone: dict) -> str:
    return str(backbone['type']).rpartition('.')[2]


def find_shape(config: Config, shape: Sequence[int] | None) -> tuple[int, ...]:
    toolbox = TOOLBOXES.get(config.get('default_scope'))
    axes = toolbox.axes if toolbox else 'H W'
    if shape is None:
        shape = toolbox.input_shape(config) if axes == 'T H W' else IMAGE_SHAPE
    return check_shape(shape, axes)


def memory_of_backbone(backbone: dict, shape: Sequence[int], scope: str = SCOPE) -> int:
    """Build a backbone from its config without allocating it; return bytes for one input."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    # Initialization on the meta device does not look at the numbers it drew.
    with DefaultScope.overwrite_default_scope(scope), torch.device('meta'):
        net = MODELS.build(backbone).train()
    with FakeTensorMode(allow_non_fake_inputs=True):
        # Without numbers no sample can be dropped: all are computed.
        net = masked(net.to_empty(device='cpu'))
        return memory_of_step(net, torch.empty(1, net.in_channels, *shape))


def memory_of_step(net: nn.Module, x: Tensor) -> int:
    """Return the bytes that forward and backward pass need beyond parameters and gradients.

    Example:
        >>> net = nn.Sequential(nn.Linear(32, 32), nn.Linear(32, 32))
        >>> memory_of_step(net, torch.randn(8, 32)) >= 8 * 32 * 4  # what the first layer returns
        True
    """
    from .memory_tracker import ActivationTracker

    _make_buffers_of_frozen_parameters(net)
    tracker = ActivationTracker()
    tracker.track_external(net, x)
    with tracker:
        outs = net(x)
        sum(out.sum() for out in (outs if isinstance(outs, tuple) else (outs,))).backward()
    return tracker.peak


def _make_buffers_of_frozen_parameters(net: nn.Module) -> None:
    """The tracker waits for the gradient of every parameter; frozen ones get none.

    For a forward pass, the attributes of the modules stay what they were.
    """
    for module in net.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if not parameter.requires_grad:
                delattr(module, name)
                module.register_buffer(name, parameter.detach())
