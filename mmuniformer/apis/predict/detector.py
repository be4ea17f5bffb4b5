"""Boxes and masks, over mmdet's inferencer."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

from .drawing import colour_of, draw_mask, draw_tag, enlarge
from .models import Found, check_loaded, enter_scope


class Detector:
    """Instances with at least ``score``: classes, scores, boxes, masks as run lengths."""

    noun = 'objects'

    def __init__(self, config: Path, checkpoint: Path, device: str, args: argparse.Namespace):
        from mmdet.apis import DetInferencer

        enter_scope('mmdet')
        self.score = args.score_thr
        self.inferencer = DetInferencer(
            str(config), str(checkpoint), device=device, show_progress=False
        )
        check_loaded(self.inferencer.model, checkpoint)
        self.classes = self.inferencer.model.dataset_meta['classes']

    def __call__(self, picture: ndarray) -> Found:
        result = self.inferencer(picture)['predictions'][0]
        keep = [index for index, value in enumerate(result['scores']) if value >= self.score]
        return {
            'classes': [self.classes[result['labels'][index]] for index in keep],
            'labels': [result['labels'][index] for index in keep],
            'scores': [round(result['scores'][index], 4) for index in keep],
            'boxes': [[round(x, 2) for x in result['bboxes'][index]] for index in keep],
            'masks': [result['masks'][index] for index in keep] if 'masks' in result else None,
        }

    def draw(self, picture: ndarray, found: Found) -> ndarray:
        return draw_instances(picture, found)

    def count(self, found: Found) -> int:
        return len(found['labels'])


def decode_masks(masks: list[dict]) -> list[ndarray]:
    from pycocotools import mask as mask_utils

    return [mask_utils.decode(mask) for mask in masks]


def draw_instances(picture: ndarray, found: Found) -> ndarray:
    """Masks as tint and outline, boxes as frames, classes and scores on tags; the best on top."""
    canvas, scale = enlarge(picture)
    order = np.argsort(found['scores'])
    colours = [colour_of(label) for label in found['labels']]
    if found['masks']:
        masks = decode_masks(found['masks'])
        for index in order:
            draw_mask(canvas, masks[index], colours[index])
    boxes = [[round(value * scale) for value in box] for box in found['boxes']]
    for index in order:
        left, top, right, bottom = boxes[index]
        cv2.rectangle(canvas, (left, top), (right, bottom), colours[index], 2, cv2.LINE_AA)
    for index in order:
        text = f'{found["classes"][index]} {found["scores"][index]:.2f}'
        draw_tag(canvas, text, boxes[index][:2], colours[index])
    return canvas
