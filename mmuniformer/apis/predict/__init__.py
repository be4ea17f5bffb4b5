"""Predictors for images and videos, which also draw their results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..configs import load_config
from ..toolbox import find_toolbox
from .classifier import ActionRecognizer, Classifier
from .detector import Detector
from .models import Found, Predictor
from .pose_estimator import PoseEstimator
from .run import PredictionRun
from .segmentor import Segmentor
from .sources import Source, find_sources

__all__ = [
    'PREDICTORS',
    'ActionRecognizer',
    'Classifier',
    'Detector',
    'Found',
    'PoseEstimator',
    'PredictionRun',
    'Predictor',
    'Segmentor',
    'Source',
    'find_sources',
    'predictor',
]

_CLASSES = (Classifier, Detector, Segmentor, PoseEstimator, ActionRecognizer)
PREDICTORS: dict[str, type[Predictor]] = {cls.scope: cls for cls in _CLASSES}


def predictor(
    config: str | Path, checkpoint: str | Path, device: str = 'cpu', **options: Any
) -> Predictor:
    """Build a predictor from a config and a checkpoint.

    Args:
        config: config file, or name of a config of this package.
        checkpoint: file written by training.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:0'``.
        options: options of the class: see :class:`Classifier`, :class:`Detector`,
            :class:`Segmentor`, :class:`PoseEstimator` and :class:`ActionRecognizer`.

    Example:
        >>> import numpy as np, torch
        >>> from mmuniformer.apis.model import build_model
        >>> config = 'mini_uniformer_s_in1k'
        >>> torch.save({'state_dict': build_model(config).state_dict()}, 'untrained.pth')
        >>> predict = predictor(config, 'untrained.pth', topk=2)
        Loads checkpoint by local backend from path: untrained.pth
        >>> image = np.zeros((48, 64, 3), np.uint8)
        >>> found = predict(image)
        >>> list(found), len(found['scores']), predict.draw(image, found).shape
        (['classes', 'labels', 'scores'], 2, (480, 640, 3))

    Raises:
        FileNotFoundError: the config or checkpoint does not exist.
        ValueError: the checkpoint does not match the config, or the toolbox is not supported.
    """
    toolbox = find_toolbox(load_config(config))
    return PREDICTORS[toolbox.scope](config, checkpoint, device, **options)
