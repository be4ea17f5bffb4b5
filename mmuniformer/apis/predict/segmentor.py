"""A class for every pixel, over mmseg's inferencer."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

from .drawing import colour_of, draw_tags, enlarge
from .models import Found, check_loaded, classes_of, enter_scope

TINT = 0.55  # share of the colour of a class in the drawing


class Segmentor:
    """The classes in a picture by the share of its pixels, with masks as run lengths."""

    noun = 'regions of a class'

    def __init__(self, config: Path, checkpoint: Path, device: str, args: argparse.Namespace):
        from mmseg.apis import MMSegInferencer

        enter_scope('mmseg')
        self.inferencer = MMSegInferencer(str(config), str(checkpoint), device=device)
        model = self.inferencer.model
        check_loaded(model, checkpoint)
        number = model.decode_head.num_classes
        self.classes, palette = classes_of(self.inferencer.cfg, checkpoint, number, args.labels)
        own = [tuple(colour)[::-1] for colour in palette or ()]
        self.colours = own or [colour_of(label) for label in range(number)]

    def __call__(self, picture: ndarray) -> Found:
        from pycocotools import mask as mask_utils

        label_map = np.asarray(self.inferencer(picture)['predictions'])
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

    def draw(self, picture: ndarray, found: Found) -> ndarray:
        from pycocotools import mask as mask_utils

        canvas, _ = enlarge(picture)
        colours = [self.colours[label] for label in found['labels']]
        tint = np.zeros_like(picture)
        for mask, colour in zip(found['masks'], colours, strict=True):
            tint[mask_utils.decode(mask) > 0] = colour
        tint = cv2.resize(tint, canvas.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        canvas = cv2.addWeighted(canvas, 1 - TINT, tint, TINT, 0)
        pairs = zip(found['classes'], found['shares'], strict=True)
        texts = [f'{name} {share:.0%}' for name, share in pairs]
        draw_tags(canvas, texts[:12], [tuple(map(int, colour)) for colour in colours[:12]])
        return canvas

    def count(self, found: Found) -> int:
        return len(found['labels'])
