"""Pose estimation, with mmpose's inferencer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from numpy import ndarray
from torch import nn

from ..configs import find_config
from ..model import find_checkpoint
from .drawing import enlarge, to_bgr
from .models import Found, Predictor

BOX_COLOR = (230, 230, 230)


@dataclass(kw_only=True)
class PoseEstimator(Predictor[ndarray]):
    """Predicts keypoints with scores, in the boxes of a detector or in the whole image.

    Args:
        score_thr: minimum score of drawn keypoints, from 0 to 1.
        det_config, det_checkpoint: person detector of mmdet.
        det_class: 0-based label of persons in the detector.
    """

    scope = 'mmpose'
    noun = 'people'

    score_thr: float = 0.3
    det_config: str | Path | None = None
    det_checkpoint: str | Path | None = None
    det_class: int = 0

    def build(self, config: str, checkpoint: str) -> nn.Module:
        from mmpose.apis import MMPoseInferencer

        self.inferencer = MMPoseInferencer(
            pose2d=config, pose2d_weights=checkpoint, device=self.device, **self.detector()
        )
        model = self.inferencer.inferencer.model
        meta = model.dataset_meta
        self.names = [meta['keypoint_id2name'][index] for index in range(meta['num_keypoints'])]
        self.links = list(zip(meta['skeleton_links'], meta['skeleton_link_colors'], strict=True))
        self.colors = meta['keypoint_colors']
        return model

    def detector(self) -> dict[str, Any]:
        """Return mmpose's arguments for the detector; without one, mmpose would download one."""
        if self.det_config is None and self.det_checkpoint is None:
            return {'det_model': 'whole_image'}
        if self.det_config is None or self.det_checkpoint is None:
            missing = 'checkpoint' if self.det_checkpoint is None else 'config'
            raise ValueError(f'a detector needs config and checkpoint; its {missing} is missing')
        return {
            'det_model': str(find_config(self.det_config)),
            'det_weights': str(find_checkpoint(self.det_checkpoint)),
            'det_cat_ids': self.det_class,
        }

    def __call__(self, given: ndarray) -> Found:
        result = next(self.inferencer(given, bbox_thr=0.3))
        people = result['predictions'][0]
        return {
            'keypoint_names': self.names,
            'keypoints': [
                [[round(float(x), 2), round(float(y), 2)] for x, y in one['keypoints']]
                for one in people
            ],
            'keypoint_scores': [
                [round(float(score), 4) for score in one['keypoint_scores']] for one in people
            ],
            'boxes': [[round(float(x), 2) for x in one['bbox'][0]] for one in people],
            'scores': [round(float(one['bbox_score']), 4) for one in people],
        }

    def draw(self, image: ndarray, found: Found) -> ndarray:
        canvas, scale = enlarge(image)
        for box, joints, scores in zip(
            found['boxes'], found['keypoints'], found['keypoint_scores'], strict=True
        ):
            left, top, right, bottom = (round(value * scale) for value in box)
            cv2.rectangle(canvas, (left, top), (right, bottom), BOX_COLOR, 1, cv2.LINE_AA)
            points = [(round(x * scale), round(y * scale)) for x, y in joints]
            visible = [score >= self.score_thr for score in scores]
            for (first, second), color in self.links:
                if visible[first] and visible[second]:
                    cv2.line(canvas, points[first], points[second], to_bgr(color), 2, cv2.LINE_AA)
            for point, is_visible, color in zip(points, visible, self.colors, strict=True):
                if is_visible:
                    cv2.circle(canvas, point, 4, to_bgr(color), -1, cv2.LINE_AA)
        return canvas

    def count(self, found: Found) -> int:
        return len(found['keypoints'])
