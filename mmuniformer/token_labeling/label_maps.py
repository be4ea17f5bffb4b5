"""Label maps: an annotator's predictions at each position of an image, as files and as targets.

A map is a tensor ``(2, k, H, W)`` that covers the whole image: the annotator's ``k`` largest
logits at each cell, followed by their class indices (LV-ViT: arXiv 2104.10858).
"""

import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torchvision.ops import roi_align

from ..weights.formats import read_pth
from ..weights.report import CheckpointError

MAX_CLASSES_IN_HALF = 2049  # whole numbers up to 2048 are exact in float16


def label_map_path(root: str | Path, image: str | Path) -> Path:
    """Return the path of an image's map: ``<root>/<folder>/<name up to the first dot>.pt``."""
    image = Path(image)
    return Path(root) / image.parent.name / f'{image.name.split(".", 1)[0]}.pt'


def read_label_map(path: str | Path) -> Tensor:
    """Read a label map as float32.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is not a label map.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'label map {path} does not exist; make the maps with mmuniformer make-label-maps'
        )
    try:
        label_map = read_pth(Path(path))
    except CheckpointError as error:
        raise ValueError(f'{error}; make this label map again') from error
    if not isinstance(label_map, Tensor) or label_map.ndim != 4 or label_map.shape[0] != 2:
        got = tuple(label_map.shape) if isinstance(label_map, Tensor) else type(label_map).__name__
        raise ValueError(f'label map {path} is {got}, not a tensor (2, k, H, W)')
    if label_map.is_complex() or not torch.isfinite(label_map).all():
        raise ValueError(f'label map {path} has NaN, infinite or complex values')
    return label_map.float()


def top_classes(logits: Tensor, k: int) -> Tensor:
    """Make label maps ``(B, 2, k, H, W)`` from logits ``(B, K, H, W)``.

    They are float16 if it can represent all class indices, float32 otherwise.

    Raises:
        ValueError: ``k`` is not in ``[1, K]``.
    """
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f'k is {k}; it must be from 1 to the number of classes, {logits.shape[1]}')
    values, classes = logits.topk(k, dim=1)
    maps = torch.stack([values, classes.to(values)], dim=1)
    return maps.half() if logits.shape[1] <= MAX_CLASSES_IN_HALF else maps.float()


def write_label_map(path: str | Path, label_map: Tensor) -> None:
    """Write a label map ``(2, k, H, W)`` atomically. Equal maps give byte-identical files."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()  # torch.save writes the name of a file into it
    torch.save(label_map.contiguous().clone(), content)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(content.getbuffer())
        os.chmod(temporary, 0o644)  # mkstemp allows access to the owner only
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def token_targets(
    label_maps: Tensor,
    boxes: Tensor,
    num_classes: int,
    size: Sequence[int],
    *,
    smoothing: float = 0.1,
    transpose_boxes: bool = False,
) -> tuple[Tensor, Tensor]:
    """Make soft labels from the visible part of each label map.

    Classes that are not among the ``k`` of a cell have logit 0. RoIAlign resamples the visible
    part, and a softmax makes probabilities.

    Args:
        label_maps: ``(B, 2, k, H, W)``.
        boxes: ``(B, 4)``, the visible part: left, top, right, bottom, relative to width and height.
        size: number of rows and columns of tokens.
        smoothing: label smoothing, the share that is spread evenly over all classes. The released
            code spreads 10 % but keeps 90.01 %, so that its labels sum to 1.0001.
        transpose_boxes: swap rows and columns of the boxes, as the released code does.

    Returns:
        Labels of the images ``(B, K)`` and of their tokens ``(B, K, *size)``; each sums to 1.

    Raises:
        ValueError: a map has a class that is not in ``range(num_classes)``.
    """
    scores, classes = label_maps[:, 0], label_maps[:, 1].long()
    if not 0 <= int(classes.min()) <= int(classes.max()) < num_classes:
        raise ValueError(
            f'the label maps have classes {int(classes.min())} to {int(classes.max())}, but '
            f'num_classes is {num_classes}; use maps of the same data set'
        )
    B, _, H, W = scores.shape
    logits = scores.new_zeros(B, num_classes, H, W).scatter_(1, classes, scores)
    corners = boxes * boxes.new_tensor([W, H, W, H])
    if transpose_boxes:
        corners = corners[:, [1, 0, 3, 2]]
    rois = list(corners[:, None])  # one box (1, 4) per map
    labels = roi_align(logits, rois, (1, 1), aligned=True).flatten(1)
    token_labels = roi_align(logits, rois, tuple(size), aligned=True)
    return tuple(
        soft.softmax(1) * (1 - smoothing) + smoothing / num_classes
        for soft in (labels, token_labels)
    )
