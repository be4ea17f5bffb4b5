"""The class of an action in a clip, over mmaction2's inferencer."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from numpy import ndarray

from .cls import best, draw_classes
from .models import Found, check_loaded, classes_of, enter_scope


class ActionRecogniser:
    """The best ``topk`` classes of a video, with their probabilities.

    One clip and one crop, where tests average several: mmaction2's inferencer does it so.
    """

    noun = 'classes'

    def __init__(self, config: Path, checkpoint: Path, device: str, args: argparse.Namespace):
        from mmaction.apis.inferencers import MMAction2Inferencer

        enter_scope('mmaction')
        self.topk = args.topk
        self.inferencer = MMAction2Inferencer(str(config), str(checkpoint), device=device)
        inner = self.inferencer.actionrecog_inferencer
        check_loaded(inner.model, checkpoint)
        head = inner.model.cls_head
        self.gives_logits = head.average_clips != 'prob'
        number = head.num_classes
        self.classes, _ = classes_of(inner.cfg, checkpoint, number, args.labels)

    def __call__(self, video: Path) -> Found:
        scores = self.inferencer(str(video))['predictions'][0]['rec_scores'][0]
        scores = torch.tensor(scores)
        if self.gives_logits:
            scores = scores.softmax(0)
        return best(scores.numpy(), self.classes, self.topk)

    def draw(self, frame: ndarray, found: Found) -> ndarray:
        return draw_classes(frame, found)

    def count(self, found: Found) -> int:
        return 1
