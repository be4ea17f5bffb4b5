"""Models of the toolboxes as plain networks from one tensor to one or more tensors."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor, nn

from .toolbox import Toolbox


class BackboneNet(nn.Module):
    """The backbone of a model, which returns feature maps."""

    def __init__(self, model: BaseModel):
        super().__init__()
        self.backbone: nn.Module = model.backbone

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.backbone(x)


class HeadNet(nn.Module):
    """A model of mmpretrain, mmpose or mmaction2: backbone, neck if it has one, and head."""

    def __init__(self, model: BaseModel, toolbox: Toolbox):
        super().__init__()
        self.backbone: nn.Module = model.backbone
        self.head = toolbox.find_head(model)
        self.neck: nn.Module | None = getattr(model, 'neck', None)

    def forward(self, x: Tensor) -> Any:
        features = self.backbone(x)
        return self.head(features if self.neck is None else self.neck(features))


class SegmentationNet(HeadNet):
    """Logits ``(B, classes, H, W)`` as large as the input, like mmseg's ``encode_decode``."""

    def __init__(self, model: BaseModel, toolbox: Toolbox):
        super().__init__(model, toolbox)
        self.align_corners: bool = model.align_corners

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        return F.interpolate(logits, x.shape[2:], mode='bilinear', align_corners=self.align_corners)


def is_simcc(model: BaseModel) -> bool:
    """True if the head of a pose model returns two rows per keypoint instead of a heatmap."""
    return hasattr(getattr(model, 'head', None), 'simcc_split_ratio')
