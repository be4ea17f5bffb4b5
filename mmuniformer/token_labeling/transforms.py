"""Transforms for mmpretrain's pipelines that load label maps and augment them with the images."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
from mmcv.transforms import BaseTransform, RandomFlip
from mmpretrain.datasets.transforms import RandAugment, RandomResizedCrop
from mmpretrain.datasets.transforms.auto_augment import BaseAugTransform, Rotate, Shear, Translate
from mmpretrain.registry import TRANSFORMS

from .label_maps import label_map_path, read_label_map

WARPS = (Rotate, Shear, Translate)
FLIPPED_AXES = {'horizontal': (-1,), 'vertical': (-2,), 'diagonal': (-2, -1)}


class LoadLabelMap(BaseTransform):
    """Load the label map of ``img_path``.

    Adds ``label_map``, float32 ``(2, k, H, W)``: logits and class indices for the whole image;
    and ``label_map_box``, float32 ``(4,)``: left, top, right and bottom of the visible part,
    relative to width and height.

    Args:
        label_root: folder with ``<folder of the image>/<its name up to the first dot>.pt``.

    Raises:
        FileNotFoundError: the image has no label map.
        ValueError: the file is not a label map.
    """

    def __init__(self, label_root: str):
        self.label_root = label_root

    def transform(self, results: dict) -> dict:
        path = label_map_path(self.label_root, results['img_path'])
        results['label_map'] = read_label_map(path).numpy()
        results['label_map_box'] = np.array([0, 0, 1, 1], np.float32)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(label_root={str(self.label_root)!r})'


class WithLabelMap(BaseTransform):
    """Apply random transforms of mmpretrain to an image and their geometry to its label map.

    Crops only update ``label_map_box``; flips mirror the map. Rotations, shears and translations
    move whole cells and fill the rest with logit 0.

    Args:
        transforms: any of ``RandomFlip``, ``RandomResizedCrop``, ``RandAugment`` and the
            operations of ``RandAugment``, in order, as configs or instances.

    Raises:
        TypeError: a transform is not supported; if it has no geometry, move it outside.
        ValueError: a rotation, shear or translation comes after a crop.
    """

    def __init__(self, transforms: Sequence[Mapping | BaseTransform]):
        self.transforms = [
            TRANSFORMS.build(transform) if isinstance(transform, Mapping) else transform
            for transform in transforms
        ]
        for transform in self.transforms:
            _check_known(transform)

    def transform(self, results: dict) -> dict:
        for transform in self.transforms:
            results = _apply(transform, results)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(transforms={self.transforms})'


def _check_known(transform: BaseTransform) -> None:
    if isinstance(transform, RandAugment):
        for operation in transform.transforms:
            _check_known(operation)
    elif not isinstance(transform, (RandomFlip, RandomResizedCrop, BaseAugTransform)):
        raise TypeError(
            f'a label map cannot follow {type(transform).__name__}; WithLabelMap takes RandomFlip, '
            'RandomResizedCrop, RandAugment and its operations'
        )


def _apply(transform: BaseTransform, results: dict) -> dict:
    if isinstance(transform, RandAugment):
        for index in transform.random_policy_indices():
            results = _apply(transform.transforms[index], results)
        return results
    if isinstance(transform, RandomFlip):
        return _flip(transform, results)
    if isinstance(transform, RandomResizedCrop):
        return _crop(transform, results)
    if isinstance(transform, WARPS):
        return _warp(transform, results)
    return transform(results)  # the other operations change colors only


def _flip(flip: RandomFlip, results: dict) -> dict:
    results = flip(results)
    if not results['flip']:
        return results
    axes = FLIPPED_AXES[results['flip_direction']]
    results['label_map'] = np.flip(results['label_map'], axes).copy()
    left, top, right, bottom = results['label_map_box']
    if -1 in axes:
        left, right = 1 - right, 1 - left
    if -2 in axes:
        top, bottom = 1 - bottom, 1 - top
    results['label_map_box'] = np.array([left, top, right, bottom], np.float32)
    return results


def _crop(crop: RandomResizedCrop, results: dict) -> dict:
    # mmcv's cache_random_params fails here: mmpretrain lists this random method twice.
    before = np.random.get_state()
    top, left, rows, columns = crop.rand_crop_params(results['img'])
    np.random.set_state(before)
    height, width = results['img'].shape[:2]
    results = crop(results)
    shown = np.array([left, top, left + columns, top + rows]) / [width, height, width, height]
    outer = results['label_map_box']
    origin, extent = np.tile(outer[:2], 2), np.tile(outer[2:] - outer[:2], 2)
    results['label_map_box'] = (origin + extent * shown).astype(np.float32)
    return results


def _warp(warp: BaseAugTransform, results: dict) -> dict:
    """Warp an image of cell indices in the same way to find where each cell comes from."""
    if results['label_map_box'].tolist() != [0, 0, 1, 1]:
        raise ValueError(
            f'{type(warp).__name__} comes after a crop, and the label map covers the whole '
            'image; put RandomResizedCrop last'
        )
    label_map = results['label_map']
    H, W = label_map.shape[2:]
    height, width = results['img'].shape[:2]
    row_of_pixel, column_of_pixel = np.arange(height) * H // height, np.arange(width) * W // width
    numbers = (row_of_pixel[:, None] * W + column_of_pixel).astype(np.float32)
    row_centers = ((np.arange(H) + 0.5) * height / H).astype(int)
    column_centers = ((np.arange(W) + 0.5) * width / W).astype(int)

    before = np.random.get_state()
    results = warp(results)
    np.random.set_state(before)
    index_warp = copy.copy(warp)
    index_warp.interpolation, index_warp.pad_val = 'nearest', -1
    sources = index_warp({'img': numbers})['img'][np.ix_(row_centers, column_centers)].astype(int)

    inside = sources >= 0
    moved = label_map.reshape(*label_map.shape[:2], -1)[:, :, sources * inside]
    moved[0] *= inside
    results['label_map'] = moved
    return results
