"""Data preprocessor that makes token labels from label maps and applies MixToken."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmpretrain.models.utils import ClsDataPreprocessor
from mmpretrain.structures import DataSample
from torch import Tensor

from .label_maps import token_targets
from .mix_token import MixToken


class TokenLabelDataPreprocessor(ClsDataPreprocessor):
    """mmpretrain's preprocessor that also makes token labels in training and mixes samples.

    Samples need ``label_map`` ``(2, k, H, W)`` and ``label_map_box`` ``(4,)``, as
    :class:`~.transforms.LoadLabelMap` and :class:`~.transforms.WithLabelMap` produce them,
    packed with ``dict(type='PackInputs', algorithm_keys=['label_map', 'label_map_box'])``. They get
    ``gt_score`` ``(K,)`` and ``gt_token_score`` ``(K, H / token_stride, W / token_stride)`` for
    :class:`~.heads.TokenLabelHead`. As in the released recipes, all labels come from the maps, and
    the annotated class is ignored.

    Args:
        token_stride: distance of tokens in pixels.
        label_smoothing: share of each label spread over all classes.
        mix_token: arguments of :class:`~.mix_token.MixToken`; ``None`` disables mixing.
        transpose_boxes: see :func:`~.label_maps.token_targets`.
        **options: arguments of mmpretrain's ``ClsDataPreprocessor``, except ``batch_augments``.

    Raises:
        ValueError: an argument is out of range, or a training sample has no label map.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        token_stride: int = 32,
        label_smoothing: float = 0.1,
        mix_token: Mapping | None = None,
        transpose_boxes: bool = False,
        batch_augments: Mapping | None = None,
        **options: Any,
    ):
        if batch_augments:
            raise ValueError(
                f'batch_augments {batch_augments} would mix images but not their token labels; use '
                'mix_token, and remove train_cfg from the model'
            )
        if not 0 <= label_smoothing < 1:
            raise ValueError(f'label_smoothing {label_smoothing} is outside [0, 1)')
        super().__init__(num_classes=num_classes, **options)
        self.token_stride = token_stride
        self.label_smoothing = label_smoothing
        self.transpose_boxes = transpose_boxes
        self.mix_token = None
        if mix_token is not None:
            self.mix_token = MixToken(**{'token_stride': token_stride, **mix_token})

    def forward(self, data: dict, training: bool = False) -> dict:
        data = super().forward(data, training)
        if not training:
            return data
        inputs, samples = data['inputs'], data['data_samples']
        size = [side // self.token_stride for side in inputs.shape[2:]]
        scores, token_scores = token_targets(
            self._stack(samples, 'label_map'),
            self._stack(samples, 'label_map_box'),
            self.num_classes,
            size,
            smoothing=self.label_smoothing,
            transpose_boxes=self.transpose_boxes,
        )
        if self.mix_token is not None:
            inputs, scores, token_scores = self.mix_token(inputs, scores, token_scores)
        for sample, score, token_score in zip(samples, scores, token_scores, strict=True):
            sample.set_gt_score(score)
            sample.set_field(token_score, 'gt_token_score')
        return {'inputs': inputs, 'data_samples': samples}

    def _stack(self, samples: Sequence[DataSample], key: str) -> Tensor:
        if not all(key in sample for sample in samples):
            raise ValueError(
                f'a training sample has no {key}: load maps with LoadLabelMap and keep them with '
                "dict(type='PackInputs', algorithm_keys=['label_map', 'label_map_box'])"
            )
        values = [torch.as_tensor(sample.get(key)) for sample in samples]
        if len({value.shape for value in values}) > 1:
            shapes = sorted({tuple(value.shape) for value in values})
            raise ValueError(f'{key} has different shapes in one batch: {shapes}')
        return torch.stack(values).to(self.device)
