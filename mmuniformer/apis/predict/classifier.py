"""Classes of whole pictures, over mmpretrain's inferencer."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy import ndarray

from .drawing import colour_of, draw_tags, enlarge
from .models import Found, check_loaded, classes_of, enter_scope


def best(scores: ndarray, classes: tuple[str, ...], number: int) -> Found:
    """The ``number`` classes with the highest scores, the first one first."""
    labels = [int(label) for label in np.argsort(-scores, kind='stable')[:number]]
    return {
        'classes': [classes[label] for label in labels],
        'labels': labels,
        'scores': [round(float(scores[label]), 4) for label in labels],
    }


def draw_classes(picture: ndarray, found: Found) -> ndarray:
    canvas, _ = enlarge(picture)
    pairs = zip(found['classes'], found['scores'], strict=True)
    texts = [f'{name} {score:.2f}' for name, score in pairs]
    draw_tags(canvas, texts, [colour_of(label) for label in found['labels']])
    return canvas


class Classifier:
    """The best ``topk`` classes of a picture, with their probabilities."""

    noun = 'classes'

    def __init__(self, config: Path, checkpoint: Path, device: str, args: argparse.Namespace):
        from mmpretrain import ImageClassificationInferencer

        enter_scope('mmpretrain')
        self.topk = args.topk
        self.inferencer = ImageClassificationInferencer(
            str(config), pretrained=str(checkpoint), device=device
        )
        check_loaded(self.inferencer.model, checkpoint)
        self.classes: tuple[str, ...] | None = None
        self.names = (self.inferencer.config, checkpoint, args.labels)

    def __call__(self, picture: ndarray) -> Found:
        # Given an array, mmpretrain takes it as its pipelines do: BGR.
        scores = self.inferencer(picture)[0]['pred_scores']
        if self.classes is None:
            config, checkpoint, labels = self.names
            self.classes, _ = classes_of(config, checkpoint, len(scores), labels)
        return best(scores, self.classes, self.topk)

    def draw(self, picture: ndarray, found: Found) -> ndarray:
        return draw_classes(picture, found)

    def count(self, found: Found) -> int:
        return 1
