"""Label maps: what an annotator sees at each place of an image, on disk and as targets.

A map is a tensor ``(2, k, H, W)`` that covers the whole image: the annotator's ``k`` largest
logits at each cell and, in the second plane, the classes they belong to (LV-ViT: arXiv 2104.10858).
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
    """Name the map of an image: ``<root>/<its folder>/<its name up to the first dot>.pt``."""
    image = Path(image)
    return Path(root) / image.parent.name / f'{image.name.split(".", 1)[0]}.pt'


def read_label_map(path: str | Path) -> Tensor:
    """Read a map as float32.

    Raises:
        FileNotFoundError: there is none.
        ValueError: the file holds no map.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'label map {path} does not exist; make the maps with mmuniformer make-label-maps'
        )
    try:
        label_map = read_pth(Path(path))
    except CheckpointError as error:
        raise ValueError(f'{error}; make this label map anew') from error
    if not isinstance(label_map, Tensor) or label_map.ndim != 4 or label_map.shape[0] != 2:
        got = tuple(label_map.shape) if isinstance(label_map, Tensor) else type(label_map).__name__
        raise ValueError(f'label map {path} is {got}, not a tensor (2, k, H, W)')
    if label_map.is_complex() or not torch.isfinite(label_map).all():
        raise ValueError(f'label map {path} has numbers that are NaN, infinite or complex')
    return label_map.float()


def top_classes(logits: Tensor, k: int) -> Tensor:
    """Make maps ``(B, 2, k, H, W)`` of logits ``(B, K, H, W)``.

    They are float16, as long as it can hold the number of every class.

    Raises:
        ValueError: there are no ``k`` classes.
    """
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f'the {k} largest of {logits.shape[1]} logits: take 1 to all of them')
    values, classes = logits.topk(k, dim=1)
    maps = torch.stack([values, classes.to(values)], dim=1)
    return maps.half() if logits.shape[1] <= MAX_CLASSES_IN_HALF else maps.float()


def write_label_map(path: str | Path, label_map: Tensor) -> None:
    """Write a map ``(2, k, H, W)``, all of it or nothing. The same map gives the same bytes."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()  # given a path, torch.save would write its name into the file
    torch.save(label_map.contiguous().clone(), content)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(content.getbuffer())
        os.chmod(temporary, 0o644)  # mkstemp's files are for their owner alone
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
    """Turn the part of each map that the image shows into soft labels.

    Classes outside of a cell's ``k`` count with logit 0. The part is resampled by RoIAlign and goes
    through a softmax.

    Args:
        label_maps: ``(B, 2, k, H, W)``.
        boxes: ``(B, 4)``, the part shown: left, top, right, bottom as shares of width and height.
        size: rows and columns of tokens.
        smoothing: share of the label spread over all classes evenly. The released code spreads
            10 % but keeps 90.01 %, so that its labels sum to 1.0001.
        transpose_boxes: take rows for columns in the box, as the released code does.

    Returns:
        Labels of the images ``(B, K)`` and of their tokens ``(B, K, *size)``. Each sums to 1.

    Raises:
        ValueError: a map names a class that is not in ``range(num_classes)``.
    """
    scores, classes = label_maps[:, 0], label_maps[:, 1].long()
    if not 0 <= int(classes.min()) <= int(classes.max()) < num_classes:
        raise ValueError(
            f'the label maps name classes {int(classes.min())} to {int(classes.max())}, and '
            f'num_classes is {num_classes}; use maps of the same data set'
        )
    B, _, H, W = scores.shape
    logits = scores.new_zeros(B, num_classes, H, W).scatter_(1, classes, scores)
    corners = boxes * boxes.new_tensor([W, H, W, H])
    if transpose_boxes:
        corners = corners[:, [1, 0, 3, 2]]
    rois = list(corners[:, None])  # one box (1, 4) a map
    labels = roi_align(logits, rois, (1, 1), aligned=True).flatten(1)
    token_labels = roi_align(logits, rois, tuple(size), aligned=True)
    return tuple(
        soft.softmax(1) * (1 - smoothing) + smoothing / num_classes
        for soft in (labels, token_labels)
    )
