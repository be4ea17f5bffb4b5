"""Semantic segmentation, with mmseg's inferencer."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

from .drawing import draw_tags, enlarge, label_color
from .models import Found, Predictor, check_loaded, find_classes

TINT = 0.55  # opacity of class colors


class Segmentor(Predictor):
    """Predicts the classes of an image with their area shares, largest first, and RLE masks.

    Args:
        labels: file with a class name per line, or name of a video data set; default: the names
            in the checkpoint or config.
    """

    scope = 'mmseg'
    noun = 'regions of a class'

    def __init__(
        self,
        config: str | Path,
        checkpoint: str | Path,
        device: str = 'cpu',
        *,
        labels: str | Path | None = None,
    ):
        from mmseg.apis import MMSegInferencer

        config, checkpoint = self.find_files(config, checkpoint, device)
        self.inferencer = MMSegInferencer(str(config), str(checkpoint), device=device)
        self.inferencer.show_progress = False
        model = self.inferencer.model
        check_loaded(model, checkpoint)
        number = model.decode_head.num_classes
        self.classes, palette = find_classes(self.inferencer.cfg, checkpoint, number, labels)
        own = [tuple(map(int, color))[::-1] for color in palette or ()]
        self.colors = own or [label_color(label) for label in range(number)]

    def __call__(self, image: ndarray) -> Found:
        from pycocotools import mask as mask_utils

        label_map = np.asarray(self.inferencer(image)['predictions'])
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
