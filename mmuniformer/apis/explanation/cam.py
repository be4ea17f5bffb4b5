"""Grad-CAM for the models of all toolboxes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from ...models import UniFormerV2
from ...visualization import BoxScores, KeypointPeaks, as_clip, cam_layer, grad_cam
from ..nets import HeadNet, SegmentationNet, is_simcc
from ..toolbox import Toolbox, make_detection_samples


class DetectionNet(nn.Module):
    """A detector that returns a dict of ``boxes``, ``scores`` and ``labels`` for each image."""

    def __init__(self, model: BaseModel):
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> list[dict[str, Tensor]]:
        samples = self.model.predict(x, make_detection_samples(x), rescale=False)
        found = [sample.pred_instances for sample in samples]
        return [{'boxes': one.bboxes, 'scores': one.scores, 'labels': one.labels} for one in found]


class SimccNet(HeadNet):
    """A SimCC model that returns heatmaps: the sums of its two rows per keypoint."""

    def forward(self, x: Tensor) -> Tensor:
        columns, rows = super().forward(x)
        return rows.unsqueeze(-1) + columns.unsqueeze(-2)


def make_explained_net(toolbox: Toolbox, model: BaseModel) -> nn.Module:
    """Return a network with one output per sample.

    Raises:
        ValueError: CAMs are not supported for this model.
    """
    if toolbox.scope == 'mmdet':
        return DetectionNet(model)
    if toolbox.scope == 'mmseg':
        return SegmentationNet(model, toolbox)
    try:
        return (SimccNet if is_simcc(model) else HeadNet)(model, toolbox)
    except ValueError as error:
        raise ValueError(f'{error}: there is no CAM for it') from error


@torch.no_grad()
def make_target(
    toolbox: Toolbox, net: nn.Module, x: Tensor, category: int | None
) -> tuple[Any, str]:
    """Return the target of the CAM and its name; default: the prediction.

    Raises:
        ValueError: the category does not exist, or nothing was found.
    """
    from pytorch_grad_cam.utils.model_targets import (
        ClassifierOutputTarget,
        SemanticSegmentationTarget,
    )

    out = net(x)[0]
    if toolbox.scope == 'mmdet':
        found = out['labels'] if category is None else out['labels'][out['labels'] == category]
        if not len(found):
            raise ValueError('no box was found, so there is nothing to explain')
        return BoxScores(category), f'{len(found)} boxes'
    if category is not None and not 0 <= category < len(out):
        raise ValueError(f'category {category}: the model knows 0 to {len(out) - 1}')
    if toolbox.scope == 'mmpose':
        return KeypointPeaks(category), 'all keypoints' if category is None else f'{category}'
    if toolbox.scope == 'mmseg':
        answer = out.argmax(0)
        category = int(answer.flatten().mode().values) if category is None else category
        mask = (answer == category).cpu().numpy()
        if not mask.any():
            raise ValueError(f'no pixel is of class {category}: there is nothing to explain')
        return SemanticSegmentationTarget(category, mask), f'class {category}'
    category = int(out.argmax()) if category is None else category
    return ClassifierOutputTarget(category), f'class {category}'


def compute_cam(
    toolbox: Toolbox, model: BaseModel, x: Tensor, stage: int | None, category: int | None
) -> tuple[Tensor, str]:
    """Return the CAM of a model for one input, ``(H, W)`` or ``(T, H, W)``, and its target.

    Raises:
        ValueError: the stage or category does not exist, or nothing was found.
        ImportError: grad-cam is not installed.
    """
    if find_spec('pytorch_grad_cam') is None:
        raise ImportError('a CAM needs grad-cam: pip install grad-cam')
    net = make_explained_net(toolbox, model)
    backbone = model.backbone
    layer = cam_layer(backbone, stage)
    target, name = make_target(toolbox, net, x, category)
    reshape = as_clip(backbone, x.shape[2:]) if isinstance(backbone, UniFormerV2) else None
    return grad_cam(net, layer, x, [target], reshape)[0], name
