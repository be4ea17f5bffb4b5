"""Keypoints that mmpose draws with a radius in an array, which NumPy 2.4 no longer converts."""

import functools
import warnings
from types import ModuleType
from typing import Any

import numpy as np

from .after_import import after_import


def convert_keypoint_radius() -> None:
    """Convert the radius of a keypoint to a number before OpenCV draws it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            int(np.ones(1))
    except TypeError:
        after_import('mmpose.visualization.opencv_backend_visualizer', _patch_visualizer)


def _patch_visualizer(module: ModuleType) -> None:
    cls = module.OpencvBackendVisualizer
    stock = cls.draw_circles
    if getattr(stock, 'patched_by_mmuniformer', False):
        return

    @functools.wraps(stock)
    def draw_circles(self: Any, center: Any, radius: Any, *args: Any, **options: Any) -> Any:
        if self.backend == 'opencv' and isinstance(radius, np.ndarray):
            radius = radius.item()
        return stock(self, center, radius, *args, **options)

    vars(draw_circles)['patched_by_mmuniformer'] = True
    cls.draw_circles = draw_circles
