"""Action recognition in videos, with mmaction2's inferencer."""

from __future__ import annotations

from pathlib import Path

import torch

from .classifier import ClassPredictor, top_classes
from .models import Found, check_loaded, find_classes


class ActionRecognizer(ClassPredictor):
    """Predicts the best classes of a video with their probabilities.

    mmaction2's inferencer uses one clip and one crop; tests average several.

    Args:
        topk: number of classes.
        labels: file with a class name per line, or name of a video data set; default: the names
            in the checkpoint or config.
    """

    scope = 'mmaction'
    takes = ('video',)

    def __init__(
        self,
        config: str | Path,
        checkpoint: str | Path,
        device: str = 'cpu',
        *,
        topk: int = 5,
        labels: str | Path | None = None,
    ):
        from mmaction.apis.inferencers import MMAction2Inferencer

        config, checkpoint = self.find_files(config, checkpoint, device)
        self.topk = topk
        self.inferencer = MMAction2Inferencer(str(config), str(checkpoint), device=device)
        inner = self.inferencer.actionrecog_inferencer
        self.inferencer.show_progress = inner.show_progress = False
        check_loaded(inner.model, checkpoint)
        head = inner.model.cls_head
        self.gives_logits = head.average_clips != 'prob'
        number = head.num_classes
        self.classes, _ = find_classes(inner.cfg, checkpoint, number, labels)

    def __call__(self, video: str | Path) -> Found:
        """Predict for a video file."""
        scores = self.inferencer(str(video))['predictions'][0]['rec_scores'][0]
        scores = torch.tensor(scores)
        if self.gives_logits:
            scores = scores.softmax(0)
        return top_classes(scores.numpy(), self.classes, self.topk)
