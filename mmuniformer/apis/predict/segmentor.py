"""Semantic segmentation, with mmseg's inferencer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray
from torch import nn

from .drawing import draw_tags, enlarge, label_color, to_bgr
from .models import Found, Predictor, find_classes

TINT = 0.55  # opacity of class colors


@dataclass(kw_only=True)
class Segmentor(Predictor[ndarray]):
    """Predicts the classes of an image with their area shares, largest first, and RLE masks.

    Args:
        labels: file with a class name per line, or name of a video data set; default: the names
            in the checkpoint or config.
    """

    scope = 'mmseg'
    noun = 'regions of a class'

    labels: str | Path | None = None

    def build(self, config: str, checkpoint: str) -> nn.Module:
        from mmseg.apis import MMSegInferencer

        self.inferencer = MMSegInferencer(config, checkpoint, device=self.device)
        self.inferencer.show_progress = False
        model = self.inferencer.model
        number = model.decode_head.num_classes
        self.classes, palette = find_classes(self.inferencer.cfg, checkpoint, number, self.labels)
        own = [to_bgr(color) for color in palette or ()]
        self.colors = own or [label_color(label) for label in range(number)]
        return model

    def __call__(self, given: ndarray) -> Found:
        from pycocotools import mask as mask_utils

        label_map = np.asarray(self.inferencer(given)['predictions'])
        labels, sizes = np.unique(label_map, return_counts=True)
        order = np.argsort(-sizes, kind='stable')
        labels, sizes = labels[order], sizes[order]
        masks = [mask_utils.encode(np.asfortranarray(label_map == label)) for label in labels]
        return {
            'classes': [self.classes[label] for label in labels],
            'labels': labels.tolist(),
            'shares': [round(float(size) / label_map.size, 4) for size in sizes],
            'masks': [{**mask, 'counts': mask['counts'].decode()} for mask in masks],
        }

    def draw(self, image: ndarray, found: Found) -> ndarray:
        from pycocotools import mask as mask_utils

        canvas, _ = enlarge(image)
        colors = [self.colors[label] for label in found['labels']]
        tint = np.zeros_like(image)
        for mask, color in zip(found['masks'], colors, strict=True):
            tint[mask_utils.decode(mask) > 0] = color
        tint = cv2.resize(tint, canvas.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        canvas = cv2.addWeighted(canvas, 1 - TINT, tint, TINT, 0)
        pairs = zip(found['classes'], found['shares'], strict=True)
        texts = [f'{name} {share:.0%}' for name, share in pairs]
        draw_tags(canvas, texts[:12], colors[:12])
        return canvas
