"""Models as grad-cam takes them: one output per sample, and a target for it."""

from __future__ import annotations

from typing import Any

import torch
from exporting.nets import SegmentationNet, WholeNet, is_simcc
from torch import Tensor, nn

from mmuniformer.models import UniFormerV2
from mmuniformer.visualization import BoxScores, KeypointPeaks, as_clip, cam_layer, grad_cam


class DetectionNet(nn.Module):
    """A detector of mmdet, which gives a dict of ``boxes``, ``scores``, ``labels`` per picture."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> list[dict[str, Tensor]]:
        from mmdet.structures import DetDataSample

        size = tuple(x.shape[-2:])
        facts = dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape', 'batch_input_shape'), size)
        samples = [DetDataSample(metainfo={**facts, 'scale_factor': (1.0, 1.0)}) for _ in x]
        found = [sample.pred_instances for sample in self.model.predict(x, samples, rescale=False)]
        return [{'boxes': one.bboxes, 'scores': one.scores, 'labels': one.labels} for one in found]


class SimccNet(nn.Module):
    """SimCC's two rows per keypoint as one heatmap, whose peak is the sum of both peaks."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.net = WholeNet(model, 'head')

    def forward(self, x: Tensor) -> Tensor:
        across, down = self.net(x)
        return down.unsqueeze(-1) + across.unsqueeze(-2)


def explained_net(scope: str, model: nn.Module) -> nn.Module:
    """The net of a model, and of its outputs one per sample.

    Raises:
        ValueError: there is no CAM for such a model.
    """
    if scope == 'mmdet':
        return DetectionNet(model)
    if scope == 'mmseg':
        return SegmentationNet(model)
    if is_simcc(model):
        return SimccNet(model)
    head = {'mmaction': 'cls_head'}.get(scope, 'head')
    if not isinstance(getattr(model, head, None), nn.Module):
        raise ValueError(f'a {type(model).__name__} has no {head}: there is no CAM for it')
    return WholeNet(model, head)


@torch.no_grad()
def make_target(scope: str, net: nn.Module, x: Tensor, category: int | None) -> tuple[Any, str]:
    """What the CAM explains, and its name; the best answer of the net if no category is given.

    Raises:
        ValueError: no such category, or nothing was found.
    """
    from pytorch_grad_cam.utils.model_targets import (
        ClassifierOutputTarget,
        SemanticSegmentationTarget,
    )

    out = net(x)[0]
    if scope == 'mmdet':
        found = out['labels'] if category is None else out['labels'][out['labels'] == category]
        if not len(found):
            raise ValueError('no box was found, so there is nothing to explain')
        return BoxScores(category), f'{len(found)} boxes'
    _check_category(category, out.shape[0])
    if scope == 'mmpose':
        return KeypointPeaks(category), 'all keypoints' if category is None else f'{category}'
    if scope == 'mmseg':
        answer = out.argmax(0)
        category = int(answer.flatten().mode().values) if category is None else category
        mask = (answer == category).cpu().numpy()
        if not mask.any():
            raise ValueError(f'no pixel is of class {category}: there is nothing to explain')
        return SemanticSegmentationTarget(category, mask), f'class {category}'
    category = int(out.argmax()) if category is None else category
    return ClassifierOutputTarget(category), f'class {category}'


def _check_category(category: int | None, count: int) -> None:
    if category is not None and not 0 <= category < count:
        raise ValueError(f'--category {category}: the model knows 0 to {count - 1}')


def explain(
    scope: str, model: nn.Module, x: Tensor, stage: int | None, category: int | None
) -> tuple[Tensor, str]:
    """The CAM of a model for one input, ``(H, W)`` or ``(T, H, W)``, and what it explains."""
    net = explained_net(scope, model)
    layer = cam_layer(model.backbone, stage)
    target, name = make_target(scope, net, x, category)
    v2 = isinstance(model.backbone, UniFormerV2)
    reshape = as_clip(model.backbone, x.shape[2:]) if v2 else None
    return grad_cam(net, layer, x, [target], reshape)[0], name
