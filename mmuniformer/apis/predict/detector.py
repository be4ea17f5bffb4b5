"""Detection and instance segmentation, with mmdet's inferencer."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray
from torch import nn

from .drawing import draw_mask, draw_tag, enlarge, label_color
from .models import Found, Predictor


@dataclass(kw_only=True)
class Detector(Predictor[ndarray]):
    """Predicts instances: classes, scores, boxes, and masks as RLE.

    Args:
        score_thr: minimum score of an instance, from 0 to 1.
    """

    scope = 'mmdet'
    noun = 'objects'

    score_thr: float = 0.3

    def build(self, config: str, checkpoint: str) -> nn.Module:
        from mmdet.apis import DetInferencer

        self.inferencer = DetInferencer(config, checkpoint, device=self.device, show_progress=False)
        self.classes = self.inferencer.model.dataset_meta['classes']
        return self.inferencer.model

    def __call__(self, given: ndarray) -> Found:
        result = self.inferencer(given)['predictions'][0]
        keep = [index for index, value in enumerate(result['scores']) if value >= self.score_thr]
        return {
            'classes': [self.classes[result['labels'][index]] for index in keep],
            'labels': [result['labels'][index] for index in keep],
            'scores': [round(result['scores'][index], 4) for index in keep],
            'boxes': [[round(x, 2) for x in result['bboxes'][index]] for index in keep],
            'masks': [result['masks'][index] for index in keep] if 'masks' in result else None,
        }

    def draw(self, image: ndarray, found: Found) -> ndarray:
        return draw_instances(image, found)


def draw_instances(image: ndarray, found: Found) -> ndarray:
    """Draw masks, boxes, and tags with classes and scores; high scores on top."""
    from pycocotools import mask as mask_utils

    canvas, scale = enlarge(image)
    order = np.argsort(found['scores'])
    colors = [label_color(label) for label in found['labels']]
    if found['masks']:
        for index in order:
            draw_mask(canvas, mask_utils.decode(found['masks'][index]), colors[index])
    boxes = [[round(value * scale) for value in box] for box in found['boxes']]
    for index in order:
        left, top, right, bottom = boxes[index]
        cv2.rectangle(canvas, (left, top), (right, bottom), colors[index], 2, cv2.LINE_AA)
    for index in order:
        text = f'{found["classes"][index]} {found["scores"][index]:.2f}'
        draw_tag(canvas, text, boxes[index][:2], colors[index])
    return canvas
