"""FLOPs of the parts of a model, for each toolbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.utils import get_object_from_string
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from .toolbox import Toolbox, make_detection_samples

# Number of regions per image in the published FLOPs of two-stage detectors.
BOX_REGIONS, MASK_REGIONS = 1000, 100


@dataclass(frozen=True)
class Part:
    """Cost of a part of a model; a multiply-add counts as one FLOP."""

    part: str
    parameters: int
    flops: int


@dataclass
class FlopMeter:
    """Runs parts of a model and records their costs."""

    parts: list[Part] = field(default_factory=list)

    def __call__(self, name: str, module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return self.run(name, count_parameters(module), module, *args, **kwargs)

    def run(self, name: str, parameters: int, function: Callable, *args: Any, **kwargs: Any) -> Any:
        """Run ``function`` as a part with this number of parameters; return its output."""
        out, flops = count_flops(function, *args, **kwargs)
        self.parts.append(Part(name, parameters, flops))
        return out

    def add_unused_parts(self, model: BaseModel) -> None:
        """Add heads that run only in training, with 0 FLOPs."""
        if count_parameters(model) == sum(part.parameters for part in self.parts):
            return
        run = {part.part.partition('.')[0] for part in self.parts}
        for name, child in model.named_children():
            if name not in run and count_parameters(child):
                self.parts.append(Part(name, count_parameters(child), 0))


def count_flops(function: Callable, *args: Any, **kwargs: Any) -> tuple[Any, int]:
    """Run ``function`` without gradients; return its output and its multiply-adds.

    Example:
        >>> count_flops(nn.Linear(8, 4), torch.ones(2, 8))[1]
        64
    """
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    # torch has no FLOP formula for the fused CPU kernel; the math kernel is two products.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        out = function(*args, **kwargs)
    # torch counts a multiply-add as two operations.
    return out, counter.get_total_flops() // 2


def count_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def count_features(model: BaseModel, x: Tensor, meter: FlopMeter) -> Any:
    """Count backbone and neck; return the features."""
    features = meter('backbone', model.backbone, x)
    if getattr(model, 'neck', None) is not None:
        features = meter('neck', model.neck, features)
    return features


def count_detector(model: BaseModel, x: Tensor, meter: FlopMeter) -> None:
    """Count detectors of mmdet: two-stage with cascades, one-stage, and transformers like DETR."""
    if isinstance(model, _mmdet_class('SparseRCNN')):
        raise ValueError('the stages of SparseRCNN depend on its own boxes: not supported')
    if isinstance(model, _mmdet_class('DetectionTransformer')):
        _count_transformer(model, x, meter)
    elif not runs_on_meta(model):
        meter(type(model).__name__, model, x, make_detection_samples(x), mode='tensor')
    else:
        features = count_features(model, x, meter)
        for name in ('rpn_head', 'bbox_head'):
            if getattr(model, name, None) is not None:
                meter(name, getattr(model, name), features)
        if getattr(model, 'roi_head', None) is not None:
            _count_regions(model.roi_head, meter)


def runs_on_meta(model: BaseModel) -> bool:
    """Return whether a model of mmdet runs on the meta device; some read values."""
    one_stage = isinstance(model, _mmdet_class('SingleStageDetector'))
    return isinstance(model, _mmdet_class('TwoStageDetector')) or (
        one_stage and hasattr(model, 'bbox_head')
    )


def _mmdet_class(name: str) -> type:
    return get_object_from_string(f'mmdet.models.detectors.{name}')


def _count_transformer(model: BaseModel, x: Tensor, meter: FlopMeter) -> None:
    features = count_features(model, x, meter)
    known = sum(part.parameters for part in meter.parts) + count_parameters(model.bbox_head)
    inputs = meter.run(
        'transformer', count_parameters(model) - known,
        model.forward_transformer, features, make_detection_samples(x),
    )  # fmt: skip
    meter('bbox_head', model.bbox_head, **inputs)


def _count_regions(roi_head: Any, meter: FlopMeter) -> None:
    for name, regions in (('bbox', BOX_REGIONS), ('mask', MASK_REGIONS)):
        heads = _as_list(getattr(roi_head, f'{name}_head', None))
        # A mask head without its own extractor shares that of the boxes.
        extractor = getattr(roi_head, f'{name}_roi_extractor', None) or roi_head.bbox_roi_extractor
        extractors = _as_list(extractor)
        for stage, head in enumerate(heads):
            extractor = extractors[min(stage, len(extractors) - 1)]
            size = extractor.roi_layers[0].output_size
            crops = torch.empty(regions, extractor.out_channels, *size, device='meta')
            suffix = f'.{stage}' if len(heads) > 1 else ''
            meter(f'roi_head.{name}_head{suffix}', head, crops)


def _as_list(module: Any) -> list[Any]:
    """Return the modules of a list, one module by itself, or nothing for None."""
    if isinstance(module, nn.ModuleList):
        return list(module)
    return [] if module is None else [module]


def count_segmentor(model: BaseModel, x: Tensor, meter: FlopMeter) -> None:
    """Count encoder-decoders of mmseg, including cascades of decoders."""
    features = count_features(model, x, meter)
    heads = _as_list(model.decode_head)
    out = meter('decode_head' if len(heads) == 1 else 'decode_head.0', heads[0], features)
    for stage, head in enumerate(heads[1:], start=1):
        out = meter(f'decode_head.{stage}', head, features, out)


def count_model(model: BaseModel, x: Tensor, meter: FlopMeter, toolbox: Toolbox) -> None:
    """Count a model of any toolbox part by part."""
    if toolbox.scope == 'mmdet':
        count_detector(model, x, meter)
    elif toolbox.scope == 'mmseg':
        count_segmentor(model, x, meter)
    else:
        features = count_features(model, x, meter)
        if getattr(model, toolbox.head, None) is not None:
            meter(toolbox.head, getattr(model, toolbox.head), features)
