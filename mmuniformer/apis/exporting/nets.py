"""What of a model is exported: one tensor in, plain tensors out, no samples and no NMS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from _complexity_models import TOOLBOXES
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_checkpoint
from torch import Tensor, nn

import mmuniformer  # noqa: F401  opens the toolboxes' doors, config or not
from mmuniformer.layers import GlobalBlock, HourglassBlock
from mmuniformer.models import UniFormerLight, UniFormerV2

RANDOM = 'random'  # in place of a checkpoint
FIXED = 'give --fixed-size HEIGHT WIDTH'
REFUSED = {
    'mmdet': 'detectors end in NMS and loops over pictures, which have no ONNX operators of fixed '
    'shapes',
}


@dataclass
class Exportable:
    """A net to export.

    Attributes:
        net: one tensor in; a tensor or a tuple of tensors out.
        axes: names of its input's axes that may vary.
        output_names: of its outputs.
        size: of an ordinary input, without batch and channels.
        fixed_reason: why height and width cannot vary; ``None`` if they can.
        metadata: what a user of the file has to know, as text.
        multiple: of which height and width are.
        own_size_alone: no other size than ``size`` will do.
    """

    net: nn.Module
    axes: dict[int, str]
    output_names: list[str]
    size: tuple[int, ...]
    fixed_reason: str | None
    metadata: dict[str, str]
    multiple: int = 1
    own_size_alone: bool = False


class BackboneNet(nn.Module):
    def __init__(self, model: nn.Module):
        super().__init__()
        self.backbone = model.backbone

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.backbone(x)


class WholeNet(nn.Module):
    """A model of mmpretrain, mmpose or mmaction2: its features, then its head."""

    def __init__(self, model: nn.Module, head: str):
        super().__init__()
        self.backbone, self.head = model.backbone, getattr(model, head)
        self.neck = getattr(model, 'neck', None)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        features = self.backbone(x)
        return self.head(features if self.neck is None else self.neck(features))


class SegmentationNet(nn.Module):
    """Logits ``(B, classes, H, W)`` as large as the input, as of mmseg's ``encode_decode``."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.backbone, self.head = model.backbone, model.decode_head
        self.neck = getattr(model, 'neck', None)
        self.align_corners = model.align_corners

    def forward(self, x: Tensor) -> Tensor:
        features = self.backbone(x)
        logits = self.head(features if self.neck is None else self.neck(features))
        return F.interpolate(logits, x.shape[2:], mode='bilinear', align_corners=self.align_corners)


class AveragePool(nn.Module):
    """``nn.AdaptiveAvgPool2d`` as two matrix products, which export for every size.

    A row of a matrix has the weights of one cell: it reaches from ``⌊i·N / n⌋`` to
    ``⌈(i + 1)·N / n⌉`` of ``N`` positions.
    """

    def __init__(self, output_size: int | Sequence[int]):
        super().__init__()
        both = isinstance(output_size, int)
        self.output_size = (output_size, output_size) if both else tuple(output_size)

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = (
            _cells(length, count, x)
            for length, count in zip(x.shape[2:], self.output_size)  # noqa: B905
        )
        return rows @ x @ columns.T


def _cells(length: int, count: int, like: Tensor) -> Tensor:
    """Weights ``(count, length)``."""
    at = torch.arange(length, device=like.device)
    cell = torch.arange(count, device=like.device).unsqueeze(1)
    inside = (at >= cell * length // count) & (at < ((cell + 1) * length + count - 1) // count)
    weights = inside.to(like.dtype)
    return weights / weights.sum(1, keepdim=True)


def free_sizes(net: nn.Module) -> None:
    """Replace layers that would write the sizes of the traced input into the file."""
    for name, child in list(net.named_modules()):
        parent, _, leaf = name.rpartition('.')
        if isinstance(child, nn.AdaptiveAvgPool2d):
            setattr(net.get_submodule(parent), leaf, AveragePool(child.output_size))
        elif is_mmseg_upsample(child) and child.size is None:
            own = nn.Upsample(None, child.scale_factor, child.mode, child.align_corners)
            setattr(net.get_submodule(parent), leaf, own)


def is_mmseg_upsample(module: nn.Module) -> bool:
    """It multiplies sizes and makes Python numbers of them."""
    return type(module).__name__ == 'Upsample' and not isinstance(module, nn.Upsample)


def load(config_file: str | Path, checkpoint: str | Path) -> tuple[Config, nn.Module]:
    """Build the model of a config in eval mode, with the weights of ``checkpoint`` or random ones.

    Raises:
        ValueError: the config has no model, or the file does not fit it.
    """
    config = Config.fromfile(config_file)
    if 'model' not in config:
        raise ValueError(f'{config_file} has no model; give a config that train.py takes')
    with DefaultScope.overwrite_default_scope(config.get('default_scope')):
        model = MODELS.build(config.model)
    if str(checkpoint) == RANDOM:
        return config, model.eval()
    try:
        load_checkpoint(model, str(checkpoint), map_location='cpu', strict=True)
    except RuntimeError as error:
        raise ValueError(
            f'{checkpoint} does not fit {config_file}: {str(error)[:500]}; published files become '
            'checkpoints by tools/convert_official.py'
        ) from error
    return config, model.eval()


def make_exportable(config: Config, model: nn.Module, part: str, fuse: bool) -> Exportable:
    """Take the part of ``model`` that can be exported.

    Raises:
        ValueError: it cannot be exported, or not fused; the message says why.
    """
    scope = config.get('default_scope')
    if part == 'model' and scope in REFUSED:
        raise ValueError(f'{scope} models cannot be exported whole: {REFUSED[scope]}; '
                         'give --part backbone')  # fmt: skip
    if fuse:
        if not hasattr(model.backbone, 'fuse'):
            raise ValueError(f'{type(model.backbone).__name__} has no fuse(); leave out --fuse')
        model.backbone.fuse()
    net, names = BackboneNet(model), []
    if part == 'model':
        net, names = whole_net(scope, model)
    free_sizes(net)
    clip = scope == 'mmaction'
    reason = why_fixed(model, part)
    axes = {0: 'batch'}
    if not clip and reason is None:
        axes.update({2: 'height', 3: 'width'})
    return Exportable(
        net, axes, names, size_of(config, scope),
        'clips are exported with a varying batch alone' if clip else reason, metadata_of(model),
        multiple_of(model), part == 'model' and is_simcc(model),
    )  # fmt: skip


def whole_net(scope: str | None, model: nn.Module) -> tuple[nn.Module, list[str]]:
    kinds: Mapping[str, tuple[str, str, Callable[[], nn.Module]]] = {
        'mmpretrain': ('head', 'logits', lambda: WholeNet(model, 'head')),
        'mmaction': ('cls_head', 'logits', lambda: WholeNet(model, 'cls_head')),
        'mmseg': ('decode_head', 'logits', lambda: SegmentationNet(model)),
        'mmpose': ('head', 'heatmaps', lambda: WholeNet(model, 'head')),
    }
    if scope not in kinds:
        raise ValueError(f'default_scope {scope!r}: models of {", ".join(kinds)} can be exported')
    head, name, make = kinds[scope]
    if not isinstance(getattr(model, head, None), nn.Module):
        raise ValueError(
            f'a {type(model).__name__} has no {head} that takes features alone; '
            'give --part backbone'
        )
    return make(), ['keypoint_x', 'keypoint_y'] if is_simcc(model) else [name]


def is_simcc(model: nn.Module) -> bool:
    return hasattr(getattr(model, 'head', None), 'simcc_split_ratio')


def why_fixed(model: nn.Module, part: str) -> str | None:
    if isinstance(model.backbone, UniFormerV2) and model.backbone.arch.relative_positions:
        return 'UniFormerV2 numbers the displacements of its patches while it is exported'
    if isinstance(model.backbone, UniFormerLight):
        return 'the light nets choose a number of tokens that is written into the file'
    if part == 'model' and is_simcc(model):
        return f'{type(model.head).__name__} is made for one size of maps'
    return None


def has_windows(net: nn.Module) -> bool:
    return any(
        isinstance(module, GlobalBlock) and module.window_size is not None
        for module in net.modules()
    )


def has_positions(net: nn.Module) -> bool:
    return any(isinstance(module, UniFormerV2) for module in net.modules())


def prunes(net: nn.Module) -> bool:
    return any(isinstance(module, HourglassBlock) for module in net.modules())


def size_of(config: Config, scope: str | None) -> tuple[int, ...]:
    if scope == 'mmseg':
        size = (config.model.get('data_preprocessor') or {}).get('size')
        return tuple(size) if size else (512, 512)
    return tuple(TOOLBOXES[scope].shape(config))


def multiple_of(model: nn.Module) -> int:
    """Of what the sides of an input are multiples: UniFormerV2 takes whole patches."""
    return model.backbone.arch.patch_size if isinstance(model.backbone, UniFormerV2) else 1


def metadata_of(model: nn.Module) -> dict[str, str]:
    """How inputs are normalised, ``(x - mean) / std`` of values from 0 to 255; and their sizes."""
    preprocessor: Any = model.data_preprocessor
    facts = {}
    for name in ('mean', 'std'):
        value = getattr(preprocessor, name, None)
        if isinstance(value, Tensor):
            facts[name] = ', '.join(f'{x:.6g}' for x in value.flatten().tolist())
    if multiple_of(model) > 1:
        facts['size_multiple'] = str(multiple_of(model))
    return facts
