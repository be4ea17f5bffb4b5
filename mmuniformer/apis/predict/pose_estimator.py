"""Keypoints of people and other figures, over mmpose's inferencer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
from numpy import ndarray

from .drawing import enlarge
from .models import Found, check_loaded, enter_scope

BOX = (230, 230, 230)


def bgr(colour: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(value) for value in colour)[::-1]


class PoseEstimator:
    """Keypoints with scores in every box of a detector, or in the picture as one box."""

    noun = 'people'

    def __init__(self, config: Path, checkpoint: Path, device: str, args: argparse.Namespace):
        from mmpose.apis import MMPoseInferencer

        enter_scope('mmpose')
        self.score = args.score_thr
        # Left out, mmpose would download a detector.
        detector = {'det_model': 'whole_image'}
        if args.det_config is not None:
            detector = {
                'det_model': str(args.det_config),
                'det_weights': str(args.det_checkpoint),
                'det_cat_ids': args.det_class,
            }
        self.inferencer = MMPoseInferencer(
            pose2d=str(config), pose2d_weights=str(checkpoint), device=device, **detector
        )
        check_loaded(self.inferencer.inferencer.model, checkpoint)
        meta = self.inferencer.inferencer.model.dataset_meta
        self.names = [meta['keypoint_id2name'][index] for index in range(meta['num_keypoints'])]
        self.links = list(zip(meta['skeleton_links'], meta['skeleton_link_colors'], strict=True))
        self.colours = meta['keypoint_colors']

    def __call__(self, picture: ndarray) -> Found:
        result = next(self.inferencer(picture, bbox_thr=0.3))
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

    def draw(self, picture: ndarray, found: Found) -> ndarray:
        """Joints and limbs with at least ``score``, over the boxes."""
        canvas, scale = enlarge(picture)
        for box, joints, scores in zip(
            found['boxes'], found['keypoints'], found['keypoint_scores'], strict=True
        ):
            left, top, right, bottom = (round(value * scale) for value in box)
            cv2.rectangle(canvas, (left, top), (right, bottom), BOX, 1, cv2.LINE_AA)
            points = [(round(x * scale), round(y * scale)) for x, y in joints]
            sure = [score >= self.score for score in scores]
            for (first, second), colour in self.links:
                if sure[first] and sure[second]:
                    cv2.line(canvas, points[first], points[second], bgr(colour), 2, cv2.LINE_AA)
            for point, there, colour in zip(points, sure, self.colours, strict=True):
                if there:
                    cv2.circle(canvas, point, 4, bgr(colour), -1, cv2.LINE_AA)
        return canvas

    def count(self, found: Found) -> int:
        return len(found['keypoints'])
