"""Image classification, with mmpretrain's inferencer, and action recognition, with mmaction2's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import nn

from .drawing import draw_tags, enlarge, label_color
from .models import Found, Given, Predictor, find_classes


@dataclass(kw_only=True)
class ClassPredictor(Predictor[Given]):
    """Predicts the best classes of a whole image or video with their probabilities.

    Args:
        topk: number of classes.
        labels: file with a class name per line, or name of a video data set; default: the names
            in the checkpoint or config.
    """

    noun = 'classes'

    topk: int = 5
    labels: str | Path | None = None
    classes: tuple[str, ...] = field(default=(), init=False)

    def top_classes(self, scores: ndarray) -> Found:
        """Return the ``topk`` classes with the highest scores, the best one first."""
        labels = [int(label) for label in np.argsort(-scores, kind='stable')[: self.topk]]
        return {
            'classes': [self.classes[label] for label in labels],
            'labels': labels,
            'scores': [round(float(scores[label]), 4) for label in labels],
        }

    def draw(self, image: ndarray, found: Found) -> ndarray:
        canvas, _ = enlarge(image)
        pairs = zip(found['classes'], found['scores'], strict=True)
        texts = [f'{name} {score:.2f}' for name, score in pairs]
        draw_tags(canvas, texts, [label_color(label) for label in found['labels']])
        return canvas

    def count(self, found: Found) -> int:
        return 1


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Disable the progress bar that mmpretrain prints for every image."""
    from mmpretrain.utils import progress

    before, progress.disable_progress_bar = progress.disable_progress_bar, True
    try:
        yield
    finally:
        progress.disable_progress_bar = before


class Classifier(ClassPredictor[ndarray]):
    """Image classification, with mmpretrain's inferencer.

    The options are those of :class:`ClassPredictor`.
    """

    scope = 'mmpretrain'

    def build(self, config: str, checkpoint: str) -> nn.Module:
        from mmpretrain import ImageClassificationInferencer

        self.inferencer = ImageClassificationInferencer(
            config, pretrained=checkpoint, device=self.device
        )
        return self.inferencer.model

    def __call__(self, given: ndarray) -> Found:
        # mmpretrain takes arrays as BGR, like its pipelines.
        with no_progress_bar():
            scores = self.inferencer(given)[0]['pred_scores']
        if not self.classes:  # some heads do not know the number of classes
            config = self.inferencer.config
            self.classes, _ = find_classes(config, self.checkpoint, len(scores), self.labels)
        return self.top_classes(scores)


class ActionRecognizer(ClassPredictor[Path]):
    """Action recognition in videos, with mmaction2's inferencer.

    It uses one clip and one crop; tests average several. The options are those of
    :class:`ClassPredictor`.
    """

    scope = 'mmaction'
    takes = ('video',)

    def build(self, config: str, checkpoint: str) -> nn.Module:
        from mmaction.apis.inferencers import MMAction2Inferencer

        self.inferencer = MMAction2Inferencer(config, checkpoint, device=self.device)
        inner = self.inferencer.actionrecog_inferencer
        self.inferencer.show_progress = inner.show_progress = False
        head = inner.model.cls_head
        self.gives_logits = head.average_clips != 'prob'
        self.classes, _ = find_classes(inner.cfg, checkpoint, head.num_classes, self.labels)
        return inner.model

    def __call__(self, given: Path) -> Found:
        scores = self.inferencer(str(given))['predictions'][0]['rec_scores'][0]
        scores = torch.tensor(scores)
        return self.top_classes((scores.softmax(0) if self.gives_logits else scores).numpy())
