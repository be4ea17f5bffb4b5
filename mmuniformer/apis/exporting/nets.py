"""The exportable part of a model, with tensors as input and output, without samples and NMS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from ...models import UniFormerLight, UniFormerV2
from ...models.checks import choice
from ...models.mm_backbone import MMBackbone
from ..nets import BackboneNet, HeadNet, SegmentationNet, is_simcc
from ..toolbox import find_toolbox

Part = Literal['model', 'backbone']


@dataclass
class Exportable:
    """A network to export.

    Attributes:
        net: takes one tensor; returns a tensor or a tuple of tensors.
        axes: names of the dynamic input axes.
        output_names: names of the outputs.
        size: typical input size, ``(H, W)`` or ``(T, H, W)``.
        fixed_reason: why height and width cannot be dynamic; None if they can.
        metadata: information for users of the file, as text.
        multiple: height and width must be multiples of this.
        own_size_alone: whether ``size`` is the only possible size.
    """

    net: nn.Module
    axes: dict[int, str]
    output_names: list[str]
    size: tuple[int, ...]
    fixed_reason: str | None
    metadata: dict[str, str]
    multiple: int = 1
    own_size_alone: bool = False


def make_exportable(
    config: Mapping, model: BaseModel, part: Part = 'model', fuse: bool = False
) -> Exportable:
    """Return the exportable part of ``model``; its layers are changed in place.

    Args:
        part: the whole model, or the backbone only.
        fuse: fold norms into convolutions first.

    Example:
        >>> from mmuniformer.apis.configs import load_config
        >>> from mmuniformer.apis.model import load_model
        >>> config = load_config('mini_uniformer_s_in1k')
        >>> item = make_exportable(config, load_model(config, 'random'))
        >>> item.output_names, item.axes
        (['logits'], {0: 'batch', 2: 'height', 3: 'width'})

    Raises:
        ValueError: the model cannot be exported or fused; the message gives the reason.
    """
    choice('part', part, Part)
    toolbox = find_toolbox(config)
    if part == 'model' and toolbox.scope == 'mmdet':
        raise ValueError(
            'mmdet models cannot be exported whole: detectors end in NMS and loops over images, '
            "which have no ONNX operators of fixed shapes; export part 'backbone'"
        )
    backbone = model.backbone
    if fuse:
        if not isinstance(backbone, MMBackbone):
            raise ValueError(f'{type(backbone).__name__} has no fuse(); export it unfused')
        backbone.fuse()
    net: nn.Module = BackboneNet(model)
    names: list[str] = []
    if part == 'model':
        try:
            net = (SegmentationNet if toolbox.scope == 'mmseg' else HeadNet)(model, toolbox)
        except ValueError as error:
            raise ValueError(f"{error}; export part 'backbone'") from error
        names = ['keypoint_x', 'keypoint_y'] if is_simcc(model) else [toolbox.output]
    free_sizes(net)
    multiple = find_multiple(model)
    size = toolbox.input_shape(config)
    size = (*size[:-2], *(-(-side // multiple) * multiple for side in size[-2:]))
    reason = 'only the batch of videos varies' if len(size) == 3 else explain_fixed(model, part)
    return Exportable(
        net,
        axes={0: 'batch'} if reason else {0: 'batch', 2: 'height', 3: 'width'},
        output_names=names,
        size=size,
        fixed_reason=reason,
        metadata=make_metadata(model),
        multiple=multiple,
        own_size_alone=part == 'model' and is_simcc(model),
    )


def explain_fixed(model: BaseModel, part: Part) -> str | None:
    """Return why height and width cannot be dynamic, or None."""
    if isinstance(model.backbone, UniFormerV2) and model.backbone.arch.relative_positions:
        return 'UniFormerV2 numbers the displacements of its patches while it is exported'
    if isinstance(model.backbone, UniFormerLight):
        return 'the light nets choose a number of tokens that is written into the file'
    if part == 'model' and is_simcc(model):
        return f'{type(model.head).__name__} is made for one size of maps'
    return None


def find_multiple(model: BaseModel) -> int:
    """Return the number that divides height and width: UniFormerV2 takes whole patches."""
    return model.backbone.arch.patch_size if isinstance(model.backbone, UniFormerV2) else 1


def make_metadata(model: BaseModel) -> dict[str, str]:
    """Describe the normalization of inputs, ``(x - mean) / std`` of values from 0 to 255."""
    preprocessor = model.data_preprocessor
    metadata = {}
    for name in ('mean', 'std'):
        value = getattr(preprocessor, name, None)
        if isinstance(value, Tensor):
            metadata[name] = ', '.join(f'{x:.6g}' for x in value.flatten().tolist())
    if find_multiple(model) > 1:
        metadata['size_multiple'] = str(find_multiple(model))
    return metadata


class AveragePool(nn.Module):
    """``nn.AdaptiveAvgPool2d`` as two matrix products, which can be exported with dynamic sizes.

    A row of a matrix has the weights of one cell, which covers ``⌊i·N / n⌋`` to ``⌈(i + 1)·N / n⌉``
    of ``N`` positions.
    """

    def __init__(self, output_size: int | tuple[int | None, int | None] | None):
        super().__init__()
        if not isinstance(output_size, tuple):
            output_size = (output_size, output_size)
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = (
            _cells(length, length if count is None else count, x)
            for length, count in zip(x.shape[2:], self.output_size)  # noqa: B905
        )
        return rows @ x @ columns.T


def _cells(length: int, count: int, like: Tensor) -> Tensor:
    """Return the pooling weights ``(count, length)``."""
    at = torch.arange(length, device=like.device)
    cell = torch.arange(count, device=like.device).unsqueeze(1)
    inside = (at >= cell * length // count) & (at < ((cell + 1) * length + count - 1) // count)
    weights = inside.to(like.dtype)
    return weights / weights.sum(1, keepdim=True)


def free_sizes(net: nn.Module) -> None:
    """Replace layers that would hard-code the size of the traced input."""
    for name, child in list(net.named_modules()):
        parent, _, leaf = name.rpartition('.')
        if isinstance(child, nn.AdaptiveAvgPool2d):
            setattr(net.get_submodule(parent), leaf, AveragePool(child.output_size))
        elif is_mmseg_upsample(child) and child.size is None:
            own = nn.Upsample(None, child.scale_factor, child.mode, child.align_corners)
            setattr(net.get_submodule(parent), leaf, own)


def is_mmseg_upsample(module: nn.Module) -> bool:
    """Return whether this is mmseg's layer, which converts sizes to Python numbers."""
    return type(module).__name__ == 'Upsample' and not isinstance(module, nn.Upsample)
