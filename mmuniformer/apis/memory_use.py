"""Memory of backbones in a training step, computed from shapes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import Tensor, nn

from ..models.mm_backbone import MMBackbone
from .benchmarking.nets import masked
from .configs import load_config
from .toolbox import TOOLBOXES, check_shape

# Other backbones have only one pattern.
PATTERNS = {'UniFormer': ('global', 'hybrid', 'window'), 'UniFormer3D': ('joint', 'divided')}
IMAGE_SHAPE = (800, 1280)
SCOPE = 'mmengine'  # default scope of configs without one


@dataclass(frozen=True)
class Variant:
    """A backbone with an attention pattern and a choice of recomputed blocks.

    Attributes:
        attention: attention pattern, '' if the backbone has only one.
        recomputed: description of the blocks that activation checkpointing recomputes.
        backbone: config of the backbone.
        shape: input shape without batch and channels.
        as_stated: whether the config uses this pattern.
        scope: registry scope of the backbone's type.
    """

    attention: str
    recomputed: str
    backbone: dict
    shape: tuple[int, ...]
    as_stated: bool
    scope: str

    def measure(self) -> int:
        """Return the memory in bytes; see :func:`memory`."""
        return memory_of_backbone(self.backbone, self.shape, self.scope)


def memory(config: str | Path | Config, shape: Sequence[int] | None = None) -> int:
    """Return the memory in bytes of a config's backbone in a training step with batch size 1.

    This is the peak of activations and temporary tensors in float32 (bfloat16 needs about half);
    parameters, gradients and optimizer states come on top. The network runs on fake tensors, and
    nothing is downloaded.

    Args:
        config: config file, name of a config of this package, or a loaded config.
        shape: ``(H, W)`` of an image in pixels, default (800, 1280); ``(T, H, W)`` of a clip,
            default: that of the config.

    Example:
        >>> hybrid = memory('mask_rcnn_uniformer_s_h14_1x', (64, 128))
        >>> hybrid == memory('mask_rcnn_uniformer_s_h14_1x', (128, 64))
        True

    Raises:
        FileNotFoundError: the config does not exist.
        ValueError: the config has no UniFormer backbone, or the shape is invalid.
    """
    backbone, shape, scope = _read(config, shape)
    return memory_of_backbone(backbone, shape, scope)


def list_variants(config: str | Path | Config, shape: Sequence[int] | None = None) -> list[Variant]:
    """List all attention patterns of the backbone of a config, with and without recomputation.

    Arguments and errors are the same as for :func:`memory`.

    Example:
        >>> [(row.attention, row.recomputed) for row in list_variants('uniformer_s_16x4_k400')]
        ... # doctest: +NORMALIZE_WHITESPACE
        [('joint', 'nothing'), ('joint', 'every block'),
         ('divided', 'nothing'), ('divided', 'every block')]
    """
    backbone, shape, scope = _read(config, shape)
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


def _read(
    config: str | Path | Config, shape: Sequence[int] | None
) -> tuple[dict, tuple[int, ...], str]:
    """Return the backbone of a config without weights to load, the input shape, and the scope."""
    config = load_config(config)
    scope = config.get('default_scope', SCOPE)
    toolbox = TOOLBOXES.get(scope)
    axes = toolbox.axes if toolbox else 'H W'
    if shape is None:
        shape = toolbox.input_shape(config) if toolbox and axes == 'T H W' else IMAGE_SHAPE
    backbone = config.get('model', {}).get('backbone')
    if backbone is None or not _name_type(backbone).startswith('UniFormer'):
        raise ValueError('the config has no model with a UniFormer backbone')
    return {**backbone.to_dict(), 'init_cfg': None}, check_shape(shape, axes), scope


def _name_type(backbone: dict) -> str:
    return str(backbone['type']).rpartition('.')[2]


def memory_of_backbone(backbone: dict, shape: Sequence[int], scope: str = SCOPE) -> int:
    """Build a backbone without allocating it; return the memory in bytes for one input."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    # Initialization on the meta device does not read values.
    with DefaultScope.overwrite_default_scope(scope), torch.device('meta'):
        net: MMBackbone = MODELS.build(backbone).train()
    with FakeTensorMode(allow_non_fake_inputs=True):
        # Fake tensors have no values to drop samples by: all are computed.
        masked(net.to_empty(device='cpu'))
        return memory_of_step(net, torch.empty(1, net.in_channels, *shape))


def memory_of_step(net: nn.Module, x: Tensor) -> int:
    """Return the bytes that forward and backward pass need in addition to parameters and gradients.

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
    """Register frozen parameters as buffers.

    The tracker waits for the gradient of every parameter, but frozen ones have none.
    """
    for module in net.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if not parameter.requires_grad:
                delattr(module, name)
                module.register_buffer(name, parameter.detach())
