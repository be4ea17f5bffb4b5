"""mmpose without xtcocotools, which has no wheels for today's Python, and beside NumPy ≥ 2.4."""

import functools
import importlib.util
import warnings
from types import ModuleType
from typing import Any

import numpy as np

from . import stand_ins
from .after_import import after_import


def serve_xtcocotools() -> None:
    """Stand in for xtcocotools with pycocotools where mmpose lacks it."""
    if importlib.util.find_spec('mmpose') is None:
        return
    file = 'xtcocotools_stand_in'
    stand_ins.serve(
        {
            'xtcocotools': _fill_package,
            'xtcocotools.coco': stand_ins.copy_of(file, 'COCO'),
            'xtcocotools.cocoeval': stand_ins.copy_of(file, 'COCOeval', 'Params'),
            'xtcocotools.mask': _fill_mask,
        }
    )


def _fill_package(package: ModuleType) -> None:
    package.__version__ = '1.14.3'  # the one whose interface is served


def _fill_mask(module: ModuleType) -> None:
    from pycocotools import mask

    names = ('area', 'decode', 'encode', 'frPyObjects', 'iou', 'merge', 'toBbox')
    vars(module).update({name: getattr(mask, name) for name in names})


def let_keypoints_be_drawn() -> None:
    """Hand the radius of a keypoint to OpenCV's drawing as a number.

    mmpose has it in an array of one element, which NumPy 2.4 no longer converts.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            int(np.ones(1))
    except TypeError:
        after_import('mmpose.visualization.opencv_backend_visualizer', _repair_visualizer)


def _repair_visualizer(module: ModuleType) -> None:
    cls = module.OpencvBackendVisualizer
    stock = cls.draw_circles
    if getattr(stock, 'repaired_by_mmuniformer', False):
        return

    @functools.wraps(stock)
    def draw_circles(self: Any, center: Any, radius: Any, *args: Any, **options: Any) -> Any:
        if self.backend == 'opencv' and isinstance(radius, np.ndarray):
            radius = radius.item()
        return stock(self, center, radius, *args, **options)

    draw_circles.repaired_by_mmuniformer = True
    cls.draw_circles = draw_circles
