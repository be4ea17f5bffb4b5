"""Negative hue shifts of an image in mmcv and mmaction2.

Both add a negative number to an array of unsigned bytes: NumPy 1 computed that, NumPy 2 raises
OverflowError.
"""

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

from .after_import import after_import


def allow_negative_hue_shifts() -> None:
    """Let ``adjust_hue`` of mmcv and ``ColorJitter`` of mmaction2 take negative factors."""
    try:
        np.zeros(1, np.uint8) + -1
    except OverflowError:
        after_import('mmcv.image.photometric', _patch_mmcv)
        after_import('mmaction.datasets.transforms.processing', _patch_mmaction)


class _HueFactor(float):
    """A hue factor in [-0.5, 0.5] that becomes a shift from 0 to 255 when mmcv multiplies it."""

    def __mul__(self, steps: float) -> int:
        return int(float(self) * steps) % 256


def _patch_mmcv(photometric: ModuleType) -> None:
    stock = photometric.adjust_hue
    if hasattr(stock, '__wrapped__'):
        return

    @functools.wraps(stock)
    def adjust_hue(img: ndarray, hue_factor: float, backend: str | None = None) -> Any:
        return stock(img, _HueFactor(hue_factor), backend)

    for name in ('mmcv.image.photometric', 'mmcv.image', 'mmcv'):
        names = vars(sys.modules[name]) if name in sys.modules else {}
        if names.get('adjust_hue') is stock:
            names['adjust_hue'] = adjust_hue


def _patch_mmaction(processing: ModuleType) -> None:
    stock = processing.ColorJitter.adjust_hue
    if not hasattr(stock, '__wrapped__'):
        processing.ColorJitter.adjust_hue = staticmethod(_with_negative_shifts(stock))


def _with_negative_shifts(stock: Callable) -> Callable:
    import cv2

    @functools.wraps(stock)
    def adjust_hue(img: ndarray, factor: float) -> ndarray:
        degrees = int(factor * 255)
        if degrees >= 0:
            return stock(img, factor)
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int64) + degrees) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    return adjust_hue
