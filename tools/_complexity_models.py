"""How the models of each toolbox are run to be counted, and on inputs of which shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.utils import get_object_from_string
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

# The published numbers of two-stage detectors are for so many regions per picture.
BOX_REGIONS, MASK_REGIONS = 1000, 100
# Croppings of a clip that test pipelines of mmaction2 know, and how many pictures each gives.
CROPS = {'ThreeCrop': 3, 'TenCrop': 10}
FRAME_SAMPLERS = ('SampleFrames', 'UniformSample', 'UniformSampleFrames')


@dataclass(frozen=True)
class Row:
    part: str
    parameters: int
    flops: int


@dataclass
class Meter:
    """Runs parts of a model and writes down what each costs."""

    rows: list[Row] = field(default_factory=list)

    def __call__(self, name: str, module: nn.Module, *inputs: Any, **named: Any) -> Any:
        return self.run(name, count_parameters(module), module, *inputs, **named)

    def run(self, name: str, parameters: int, part: Callable, *inputs: Any, **named: Any) -> Any:
        counter = FlopCounterMode(display=False)
        # The fused kernel for the CPU has no formula in torch; the plain one is two products.
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
            out = part(*inputs, **named)
        # torch counts a multiply-add as two operations.
        self.rows.append(Row(name, parameters, counter.get_total_flops() // 2))
        return out

    def add_parts_not_run(self, model: nn.Module) -> None:
        """Give heads for training alone their rows: parameters, and no FLOPs."""
        if count_parameters(model) == sum(row.parameters for row in self.rows):
            return
        run = {row.part.partition('.')[0] for row in self.rows}
        for name, child in model.named_children():
            if name not in run and count_parameters(child):
                self.rows.append(Row(name, count_parameters(child), 0))


def count_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def channels_of(model: nn.Module) -> int:
    return getattr(model.backbone, 'in_channels', 3) if hasattr(model, 'backbone') else 3


def measure_features(model: nn.Module, image: Tensor, meter: Meter) -> Any:
    """Count backbone and neck; give the features behind them."""
    features = meter('backbone', model.backbone, image)
    if getattr(model, 'neck', None) is not None:
        features = meter('neck', model.neck, features)
    return features


def measure_detector(model: nn.Module, image: Tensor, meter: Meter) -> None:
    """Count detectors of mmdet: two-stage with cascades, one-stage, DETR and its kin."""
    if isinstance(model, mmdet_type('SparseRCNN')):
        raise ValueError('SparseRCNN follows its own boxes from stage to stage: not counted here')
    if isinstance(model, mmdet_type('DetectionTransformer')):
        measure_transformer(model, image, meter)
    elif not runs_on_shapes(model):
        meter(type(model).__name__, model, image, detection_samples(image), mode='tensor')
    else:
        features = measure_features(model, image, meter)
        for name in ('rpn_head', 'bbox_head'):
            if getattr(model, name, None) is not None:
                meter(name, getattr(model, name), features)
        if getattr(model, 'roi_head', None) is not None:
            measure_regions(model.roi_head, meter)


def runs_on_shapes(model: nn.Module) -> bool:
    """Some detectors read tensors to find their way, so that shapes alone do not do."""
    one_stage = isinstance(model, mmdet_type('SingleStageDetector'))
    return isinstance(model, mmdet_type('TwoStageDetector')) or (
        one_stage and hasattr(model, 'bbox_head')
    )


def mmdet_type(name: str) -> type:
    return get_object_from_string(f'mmdet.models.detectors.{name}')


def measure_transformer(model: nn.Module, image: Tensor, meter: Meter) -> None:
    features = measure_features(model, image, meter)
    known = sum(row.parameters for row in meter.rows) + count_parameters(model.bbox_head)
    inputs = meter.run(
        'transformer', count_parameters(model) - known,
        model.forward_transformer, features, detection_samples(image),
    )  # fmt: skip
    meter('bbox_head', model.bbox_head, **inputs)


def measure_regions(roi_head: nn.Module, meter: Meter) -> None:
    for kind, regions in (('bbox', BOX_REGIONS), ('mask', MASK_REGIONS)):
        head = getattr(roi_head, f'{kind}_head', None)
        if head is None:
            continue
        heads = in_list(head)
        # A mask head without an extractor of its own shares that of the boxes.
        extractor = getattr(roi_head, f'{kind}_roi_extractor', None) or roi_head.bbox_roi_extractor
        extractors = in_list(extractor)
        for stage, head in enumerate(heads):
            extractor = extractors[min(stage, len(extractors) - 1)]
            size = extractor.roi_layers[0].output_size
            crops = torch.empty(regions, extractor.out_channels, *size, device='meta')
            suffix = f'.{stage}' if len(heads) > 1 else ''
            meter(f'roi_head.{kind}_head{suffix}', head, crops)


def in_list(module: nn.Module) -> list[nn.Module]:
    return list(module) if isinstance(module, nn.ModuleList) else [module]


def detection_samples(image: Tensor) -> list:
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    size = tuple(image.shape[-2:])
    facts = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape', 'batch_input_shape'), size)
    sample = DetDataSample(metainfo={**facts, 'scale_factor': (1.0, 1.0)})
    sample.gt_instances = InstanceData()
    return [sample]


def measure_segmentor(model: nn.Module, image: Tensor, meter: Meter) -> None:
    """Count encoder-decoders of mmseg, cascades of decoders included."""
    features = measure_features(model, image, meter)
    heads = in_list(model.decode_head)
    out = meter('decode_head' if len(heads) == 1 else 'decode_head.0', heads[0], features)
    for stage, head in enumerate(heads[1:], start=1):
        out = meter(f'decode_head.{stage}', head, features, out)


def measure_with_head(name: str) -> Callable[[nn.Module, Tensor, Meter], None]:
    """Count models of backbone, neck and the head of that name."""

    def measure(model: nn.Module, image: Tensor, meter: Meter) -> None:
        features = measure_features(model, image, meter)
        if getattr(model, name, None) is not None:
            meter(name, getattr(model, name), features)

    return measure


def test_pipeline(config: Mapping) -> list[Mapping]:
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    while 'pipeline' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    return list(dataset.get('pipeline') or config.get('test_pipeline') or [])


def setting(config: Mapping, steps: Sequence[str], name: str) -> Any:
    """Find the setting of the last of these steps in the test pipeline."""
    found = None
    for step in test_pipeline(config):
        if step['type'] in steps and name in step:
            found = step[name]
    return found


def shape_for_pose(config: Mapping) -> tuple[int, ...]:
    size = setting(config, ('TopdownAffine', 'BottomupResize'), 'input_size')
    codec = config.get('codec') or config['model'].get('head', {}).get('decoder') or {}
    codec = codec[-1] if isinstance(codec, list | tuple) else codec
    size = size or codec.get('input_size')
    if size is None:
        raise ValueError('the config names no input_size of its codec; give --shape')
    width, height = size
    return height, width


def square_of(config: Mapping, default: int) -> tuple[int, int]:
    size = setting(config, ('CenterCrop', *CROPS), 'crop_size') or setting(
        config, ('Resize',), 'scale'
    )
    size = size or default
    return (size, size) if isinstance(size, int) else tuple(size)


def shape_for_classes(config: Mapping) -> tuple[int, ...]:
    return square_of(config, 224)


def shape_for_video(config: Mapping) -> tuple[int, ...]:
    frames = setting(config, FRAME_SAMPLERS, 'clip_len')
    if frames is None:
        raise ValueError('the test pipeline does not sample frames; give --shape T H W')
    return frames, *square_of(config, 224)


def views_of_video(config: Mapping) -> int:
    """Clips times crops at test time."""
    crops = [CROPS[step['type']] for step in test_pipeline(config) if step['type'] in CROPS]
    return (setting(config, FRAME_SAMPLERS, 'num_clips') or 1) * (crops[0] if crops else 1)


@dataclass(frozen=True)
class Toolbox:
    """What can be counted of a toolbox, on which input unless told otherwise."""

    base: str
    measure: Callable[[nn.Module, Tensor, Meter], None]
    shape: Callable[[Mapping], tuple[int, ...]]
    views: Callable[[Mapping], int] = lambda config: 1
    runs_on_shapes: Callable[[nn.Module], bool] = lambda model: True


# By the default_scope of configs. Detection and segmentation: the resolutions of the tables.
TOOLBOXES = {
    'mmdet': Toolbox(
        'mmdet.models.detectors.BaseDetector',
        measure_detector,
        lambda config: (800, 1280),
        runs_on_shapes=runs_on_shapes,
    ),
    'mmseg': Toolbox('mmseg.models.EncoderDecoder', measure_segmentor, lambda config: (512, 2048)),
    'mmpose': Toolbox(
        'mmpose.models.TopdownPoseEstimator', measure_with_head('head'), shape_for_pose
    ),
    'mmpretrain': Toolbox(
        'mmpretrain.models.ImageClassifier', measure_with_head('head'), shape_for_classes
    ),
    'mmaction': Toolbox(
        'mmaction.models.recognizers.recognizer3d.Recognizer3D',
        measure_with_head('cls_head'),
        shape_for_video,
        views=views_of_video,
    ),
}
