"""Table of the supported toolboxes and their models, used by all of :mod:`mmuniformer.apis`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmengine.model import BaseModel
from mmengine.utils import get_object_from_string
from torch import Tensor, nn

from .configs import find_setting, get_test_pipeline

Shape = tuple[int, ...]
# Crop transforms in test pipelines of mmaction2 → number of views.
CROPS = {'ThreeCrop': 3, 'TenCrop': 10}
SMALLEST = 32  # pixels, the stride of the last stage
FRAME_SAMPLERS = ('SampleFrames', 'UniformSample', 'UniformSampleFrames')


@dataclass(frozen=True)
class Toolbox:
    """A toolbox: names, inputs and outputs of its models.

    Attributes:
        scope: ``default_scope`` of its configs.
        name: name of the toolbox in mim.
        task: folder of its configs.
        base_class: import path of the base class of all supported models.
        head: attribute of a model's last head.
        output: name of the output of the head.
        input_shape: returns the ``(H, W)`` or ``(T, H, W)`` of a config's test pipeline.
        table_shape: returns the shape used in the papers' tables of parameters and FLOPs.
        visualizer: name of the visualizer of its predictions.
        run: forward pass without post-processing; takes model and input, returns raw outputs.
        axes: names of the axes of an input shape.
        loads_rgb: whether the loading transforms return RGB instead of BGR.
    """

    scope: str
    name: str
    task: str
    base_class: str
    head: str
    output: str
    input_shape: Callable[[Mapping], Shape]
    table_shape: Callable[[Mapping], Shape]
    visualizer: str
    run: Callable[[BaseModel, Tensor], Any]
    axes: str = 'H W'
    loads_rgb: bool = False

    def find_head(self, model: BaseModel) -> nn.Module:
        """Return the head of ``model``.

        Raises:
            ValueError: the model has no head that takes features only.
        """
        head = getattr(model, self.head, None)
        if not isinstance(head, nn.Module):
            raise ValueError(
                f'a {type(model).__name__} has no {self.head} that takes features alone'
            )
        return head


def find_toolbox(config: Mapping) -> Toolbox:
    """Return the toolbox of a config.

    Raises:
        ValueError: its ``default_scope`` is none of the five toolboxes.
    """
    scope = config.get('default_scope')
    if scope not in TOOLBOXES:
        raise ValueError(f'default_scope is {scope!r}; supported are {", ".join(TOOLBOXES)}')
    return TOOLBOXES[scope]


def count_views(config: Mapping) -> int:
    """Return the number of views that are averaged at test time: clips times crops."""
    crops = (CROPS.get(transform['type']) for transform in get_test_pipeline(config))
    clips = find_setting(config, FRAME_SAMPLERS, 'num_clips') or 1
    return clips * next(filter(None, crops), 1)


def check_shape(shape: Sequence[int], axes: str) -> Shape:
    """Return a valid input shape as a tuple.

    Example:
        >>> check_shape([16, 224, 224], 'T H W')
        (16, 224, 224)

    Raises:
        ValueError: the number of axes is wrong, there are no frames, or a side is below 32 pixels.
    """
    shape = tuple(shape)
    if len(shape) != len(axes.split()) or min(shape[-2:]) < SMALLEST or min(shape) < 1:
        raise ValueError(
            f'the shape {" ".join(map(str, shape))} is not {axes}, with H and W at least '
            f'{SMALLEST} pixels'
        )
    return shape


def make_detection_samples(x: Tensor) -> list:
    """Make the data samples that mmdet's models take with a batch ``(B, C, H, W)``."""
    structures = get_object_from_string('mmdet.structures.DetDataSample')
    instances = get_object_from_string('mmengine.structures.InstanceData')
    size = tuple(x.shape[-2:])
    metainfo = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape', 'batch_input_shape'), size)
    samples = [structures(metainfo={**metainfo, 'scale_factor': (1.0, 1.0)}) for _ in x]
    for sample in samples:
        sample.gt_instances = instances()
    return samples


def _image_shape(config: Mapping) -> Shape:
    size = find_setting(config, ('CenterCrop', *CROPS), 'crop_size')
    size = size or find_setting(config, ('Resize',), 'scale') or 224
    return (size, size) if isinstance(size, int) else tuple(size)


def _clip_shape(config: Mapping) -> Shape:
    frames = find_setting(config, FRAME_SAMPLERS, 'clip_len')
    if frames is None:
        raise ValueError('the test pipeline samples no frames; give the shape T H W')
    return frames, *_image_shape(config)


def _pose_shape(config: Mapping) -> Shape:
    size = find_setting(config, ('TopdownAffine', 'BottomupResize'), 'input_size')
    codec = config.get('codec') or config['model'].get('head', {}).get('decoder') or {}
    codec = codec[-1] if isinstance(codec, list | tuple) else codec
    size = size or codec.get('input_size')
    if size is None:
        raise ValueError('the config names no input_size of its codec; give the shape H W')
    width, height = size
    return height, width


def _detection_shape(config: Mapping) -> Shape:
    width, height = find_setting(config, ('Resize',), 'scale') or (1333, 800)
    return height, width


def _segmentation_shape(config: Mapping) -> Shape:
    size = (config['model'].get('data_preprocessor') or {}).get('size')
    return tuple(size) if size else (512, 512)


def _run(model: BaseModel, x: Tensor) -> Any:
    return model(x, None, mode='tensor')


_ROWS = (
    Toolbox(
        'mmpretrain', 'mmpretrain', 'cls', 'mmpretrain.models.ImageClassifier', 'head', 'logits',
        _image_shape, _image_shape, 'UniversalVisualizer', _run,
    ),
    Toolbox(
        'mmaction', 'mmaction2', 'video',
        'mmaction.models.recognizers.recognizer3d.Recognizer3D', 'cls_head', 'logits',
        _clip_shape, _clip_shape, 'ActionVisualizer',
        lambda model, x: model(x[:, None], mode='tensor', stage='head'),
        axes='T H W', loads_rgb=True,
    ),
    Toolbox(
        'mmdet', 'mmdet', 'det', 'mmdet.models.detectors.BaseDetector', 'bbox_head', 'boxes',
        _detection_shape, lambda config: (800, 1280), 'DetLocalVisualizer',
        lambda model, x: model(x, make_detection_samples(x), mode='tensor'),
    ),
    Toolbox(
        'mmseg', 'mmsegmentation', 'seg', 'mmseg.models.EncoderDecoder', 'decode_head', 'logits',
        _segmentation_shape, lambda config: (512, 2048), 'SegLocalVisualizer', _run,
    ),
    Toolbox(
        'mmpose', 'mmpose', 'pose', 'mmpose.models.TopdownPoseEstimator', 'head', 'heatmaps',
        _pose_shape, _pose_shape, 'PoseLocalVisualizer', _run,
    ),
)  # fmt: skip
TOOLBOXES = {row.scope: row for row in _ROWS}
