"""The head of the light nets for mmaction2's recognizers."""

from collections.abc import Sequence
from typing import Any

from mmaction.models.heads import I3DHead
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn

SHARE = 0.5  # weight of each of the two losses


@MODELS.register_module()
class HourglassI3DHead(I3DHead):
    """Head of the released light nets: one linear layer for the map, one for the class token.

    Each has half of the loss; predictions use the map alone. The input is the pair
    ``(B, C, T, H, W)`` and ``(B, C)`` from ``UniFormerLight3D(out_indices=3, out_cls_token=True)``.

    Args:
        **options: arguments of mmaction2's ``I3DHead``. Dropout applies to the map's layer alone.

    Raises:
        ValueError: the features are not such a pair.
    """

    def __init__(self, num_classes: int, in_channels: int, **options: Any):
        super().__init__(num_classes, in_channels, **options)
        self.fc_cls_token = nn.Linear(in_channels, num_classes)

    def init_weights(self) -> None:
        super().init_weights()
        nn.init.normal_(self.fc_cls_token.weight, std=self.init_std)
        nn.init.zeros_(self.fc_cls_token.bias)

    def forward(self, x: Sequence[Tensor], **kwargs: Any) -> Tensor:
        return super().forward(self._pair(x)[0], **kwargs)

    def loss(
        self, feats: Sequence[Tensor], data_samples: Sequence[ActionDataSample], **kwargs: Any
    ) -> dict[str, Tensor]:
        losses = super().loss(feats, data_samples, **kwargs)
        token_logits = self.fc_cls_token(self._pair(feats)[1])
        token_loss = self.loss_by_feat(token_logits, data_samples)['loss_cls']
        losses['loss_cls'] = SHARE * losses['loss_cls']
        losses['loss_cls_token'] = SHARE * token_loss
        return losses

    @staticmethod
    def _pair(feats: Sequence[Tensor]) -> Sequence[Tensor]:
        if isinstance(feats, Tensor) or [getattr(x, 'ndim', None) for x in feats] != [5, 2]:
            raise ValueError(
                'HourglassI3DHead takes a map (B, C, T, H, W) and a class token (B, C): give '
                'UniFormerLight3D out_indices=3, out_cls_token=True; or use I3DHead'
            )
        return feats
