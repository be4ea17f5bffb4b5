"""Image classification, with mmpretrain's inferencer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy import ndarray

from .drawing import draw_tags, enlarge, label_color
from .models import Found, Predictor, check_loaded, find_classes


def top_classes(scores: ndarray, classes: tuple[str, ...], number: int) -> Found:
    """Return the ``number`` classes with the highest scores, the best one first."""
    labels = [int(label) for label in np.argsort(-scores, kind='stable')[:number]]
    return {
        'classes': [classes[label] for label in labels],
        'labels': labels,
        'scores': [round(float(scores[label]), 4) for label in labels],
    }


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Disable the progress bar that mmpretrain prints for every image."""
    from mmpretrain.utils import progress

    before, progress.disable_progress_bar = progress.disable_progress_bar, True
    try:
        yield
    finally:
        progress.disable_progress_bar = before


class ClassPredictor(Predictor):
    """Base class of predictors of one answer, the best classes, for a whole image or video."""

    noun = 'classes'

    def draw(self, image: ndarray, found: Found) -> ndarray:
        canvas, _ = enlarge(image)
        pairs = zip(found['classes'], found['scores'], strict=True)
        texts = [f'{name} {score:.2f}' for name, score in pairs]
        draw_tags(canvas, texts, [label_color(label) for label in found['labels']])
        return canvas

    def count(self, found: Found) -> int:
        return 1


class Classifier(ClassPredictor):
    """Predicts the best classes of an image with their probabilities.

    Args:
        topk: number of classes.
        labels: file with a class name per line, or name of a video data set; default: the names
            in the checkpoint or config.
    """

    scope = 'mmpretrain'

    def __init__(
        self,
        config: str | Path,
        checkpoint: str | Path,
        device: str = 'cpu',
        *,
        topk: int = 5,
        labels: str | Path | None = None,
    ):
        from mmpretrain import ImageClassificationInferencer

        config, checkpoint = self.find_files(config, checkpoint, device)
        self.topk, self.labels, self.checkpoint = topk, labels, checkpoint
        self.inferencer = ImageClassificationInferencer(
            str(config), pretrained=str(checkpoint), device=device
        )
        check_loaded(self.inferencer.model, checkpoint)
        self.classes: tuple[str, ...] | None = None

    def __call__(self, image: ndarray) -> Found:
        # mmpretrain takes arrays as BGR, like its pipelines.
        with no_progress_bar():
            scores = self.inferencer(image)[0]['pred_scores']
        if self.classes is None:  # some heads do not know the number of classes
            config = self.inferencer.config
            self.classes, _ = find_classes(config, self.checkpoint, len(scores), self.labels)
        return top_classes(scores, self.classes, self.topk)
