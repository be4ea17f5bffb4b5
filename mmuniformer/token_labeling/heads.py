"""Heads of the released image classifiers, for mmpretrain's ``ImageClassifier``.

They take the feature map of a backbone with ``out_norm='batch'`` and ``out_indices=3``, without a
neck. :class:`UniFormerClsHead` also takes the feature vector of UniFormerV2.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from mmengine.logging import print_log
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from ..models.pretrained import read_once
from ..weights.load import load
from ..weights.rules import NO_KEY, Rules

Feats = Tensor | Sequence[Tensor] | Sequence[Sequence[Tensor]]
TOKEN_SHARE = 0.5  # weight of the highest token logits in the prediction


class UniFormerClsHead(LinearClsHead):
    """Global average pooling and a linear layer (Sec. 4.1).

    UniFormerV2's feature ``(B, C)`` is passed to the linear layer directly.

    Args:
        init_cfg: by default, weights are drawn from a truncated normal distribution with standard
            deviation 0.02 and biases are 0, as released.
            ``dict(type='Pretrained', checkpoint=SOURCE)`` loads a published file by path, URL or
            name; use the same one for the backbone. With ``prefix``, mmengine loads it.
        **options: arguments ``loss``, ``topk`` and ``cal_acc`` of mmpretrain's ``LinearClsHead``.

    Raises:
        CheckpointError: the published file has no such head, or one for another number of classes.
    """

    published: ClassVar[dict[str, str]] = {'head': 'fc'}  # name in published files → our module

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
        **options: Any,
    ):
        if init_cfg is None:
            init_cfg = {'type': 'TruncNormal', 'layer': 'Linear', 'std': 0.02}
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **options)

    def init_weights(self) -> None:
        cfg = self.init_cfg
        if not isinstance(cfg, Mapping) or cfg.get('type') != 'Pretrained' or 'prefix' in cfg:
            super().init_weights()
            return
        self._load_published(cfg['checkpoint'])
        self._is_init = True

    def _load_published(self, source: str) -> None:
        heads = ', '.join(self.published)
        rules = Rules(
            names={f'{theirs}.': f'{ours}.' for theirs, ours in self.published.items()},
            required='|'.join(rf'{module}\.' for module in self.published.values()),
            min_coverage=0,
            foreign=NO_KEY,
            net=f'this {type(self).__name__}',
            advice=(
                f'it needs {heads} for {self.num_classes} classes and {self.in_channels} channels; '
                'without init_cfg the head is initialized'
            ),
        )
        load(self, read_once(source), rules)
        print_log(f'{source}: {heads} loaded into the head', logger='current')

    def last_map(self, feats: Feats) -> Tensor:
        """Return the feature map ``(B, C, H, W)`` of the last stage."""
        last = feats if isinstance(feats, Tensor) else feats[-1]
        if not isinstance(last, Tensor) or last.ndim != 4:
            got = tuple(last.shape) if isinstance(last, Tensor) else type(last).__name__
            raise ValueError(
                f'{type(self).__name__} takes the map (B, C, H, W) of a backbone with '
                f"out_norm='batch' and out_indices=3, got {got}; leave the neck out"
            )
        return last

    def pre_logits(self, feats: Feats) -> Tensor:
        if isinstance(feats, Tensor) and feats.ndim == 2:
            return feats
        return self.last_map(feats).flatten(2).mean(2)


class TokenLabelHead(UniFormerClsHead):
    """Head of the models trained with token labels (Sec. 5.1, LV-ViT: arXiv 2104.10858).

    One linear layer classifies the pooled feature, another one each position. Predictions are the
    logits of the former plus half of the latter's maximum over positions. The losses are soft
    cross-entropies against ``gt_score`` ``(K,)`` and ``gt_token_score`` ``(K, H, W)``, which
    :class:`~.data_preprocessor.TokenLabelDataPreprocessor` makes.

    Args:
        token_loss_weight: weight of the loss of positions; that of the pooled feature has weight 1.
            The released recipes use 1, LV-ViT uses 0.5.
        loss: any loss of mmpretrain that takes soft labels ``(N, K)``.
        init_cfg: as in :class:`UniFormerClsHead`.
    """

    published: ClassVar[dict[str, str]] = {'head': 'fc', 'aux_head': 'aux_fc'}

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        *,
        token_loss_weight: float = 1.0,
        loss: Mapping | nn.Module | None = None,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
    ):
        if token_loss_weight < 0:
            raise ValueError(f'token_loss_weight {token_loss_weight} is below 0')
        loss = {'type': 'CrossEntropyLoss', 'use_soft': True} if loss is None else loss
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, loss=loss)
        self.aux_fc = nn.Linear(in_channels, num_classes)
        self.token_loss_weight = token_loss_weight

    def token_logits(self, feats: Feats) -> Tensor:
        """Return the logits of all positions, row by row: ``(B, H * W, K)``."""
        return self.aux_fc(self.last_map(feats).flatten(2).transpose(1, 2))

    def forward(self, feats: Feats) -> Tensor:
        strongest = self.token_logits(feats).max(1).values
        return super().forward(feats) + TOKEN_SHARE * strongest

    def loss(self, feats: Feats, data_samples: Sequence[DataSample], **kwargs: Any) -> dict:
        target, token_target = self._targets(feats, data_samples)
        loss = self.loss_module(super().forward(feats), target, **kwargs)
        token_logits = self.token_logits(feats).flatten(0, 1)
        token_loss = self.loss_module(token_logits, token_target, **kwargs)
        return {'loss_cls': loss, 'loss_token': self.token_loss_weight * token_loss}

    def _targets(self, feats: Feats, samples: Sequence[DataSample]) -> tuple[Tensor, Tensor]:
        """Return soft labels ``(B, K)`` of the images and ``(B * H * W, K)`` of the positions."""
        if 'gt_token_score' not in samples[0]:
            raise ValueError(
                'the samples have no token labels; train with the data preprocessor '
                'TokenLabelDataPreprocessor, or with UniFormerClsHead for class labels alone'
            )
        tokens = torch.stack([sample.gt_token_score for sample in samples])
        wanted = (self.num_classes, *self.last_map(feats).shape[2:])
        if tokens.shape[1:] != wanted:
            raise ValueError(
                f'token labels have shape {tuple(tokens.shape[1:])}, but the head and the feature '
                f'map give {wanted} (classes, rows, columns): compare num_classes and token_stride '
                'of the data preprocessor with the model'
            )
        scores = torch.stack([sample.gt_score for sample in samples])
        return scores, tokens.flatten(2).transpose(1, 2).flatten(0, 1)


class HourglassClsHead(UniFormerClsHead):
    """Head of the light models: linear layers for the feature map and for the class token.

    Each contributes half of the loss; only the one of the map is used for prediction. The input is
    the output of ``UniFormerLight(out_norm='batch', out_indices=3, out_cls_token=True)``. Labels
    may be hard or soft. The arguments are those of :class:`UniFormerClsHead`.
    """

    published: ClassVar[dict[str, str]] = {'head': 'fc', 'head_cls': 'fc_cls'}

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        init_cfg: Mapping | Sequence[Mapping] | None = None,
        **options: Any,
    ):
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **options)
        self.fc_cls = nn.Linear(in_channels, num_classes)

    def last_map(self, feats: Feats) -> Tensor:
        return super().last_map(self._pair(feats)[0])

    def loss(self, feats: Feats, data_samples: Sequence[DataSample], **kwargs: Any) -> dict:
        losses = self._get_loss(self(feats), data_samples, **kwargs)
        token_logits = self.fc_cls(self._pair(feats)[1])
        of_token = self._get_loss(token_logits, data_samples, **kwargs)['loss']
        losses['loss_map'] = 0.5 * losses.pop('loss')
        losses['loss_cls_token'] = 0.5 * of_token
        return losses

    @staticmethod
    def _pair(feats: Feats) -> tuple[Tensor, Tensor]:
        """Return the last stage's feature map ``(B, C, H, W)`` and class token ``(B, C)``."""
        match feats if isinstance(feats[-1], Tensor) else feats[-1]:
            case [Tensor(ndim=4) as last, Tensor(ndim=2) as token]:
                return last, token
        raise ValueError(
            'HourglassClsHead takes a map (B, C, H, W) and a class token (B, C): give '
            "UniFormerLight out_norm='batch', out_indices=3, out_cls_token=True, and no neck"
        )
