"""What the demos of all tasks do with a config and a checkpoint before they build a model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Protocol

from mmengine.config import Config
from mmengine.registry import init_default_scope
from numpy import ndarray
from torch import nn

from mmuniformer.apis.convert import find_dataset_meta
from mmuniformer.weights import read_checkpoint
from mmuniformer.weights.class_names import DATASETS as VIDEO_DATASETS
from mmuniformer.weights.class_names import class_names, read_class_names
from mmuniformer.weights.load import load
from mmuniformer.weights.rules import NO_KEY, Rules

# A checkpoint may hold more than the model, as the state of an EMA.
WHOLE_MODEL = Rules(
    names={'': ''},
    required='',
    foreign=NO_KEY,
    net='the model of this config',
    advice="the authors' files have to be converted first: tools/convert_official.py",
)

Found = dict[str, Any]


class Predictor(Protocol):
    """A model with its classes: finds things in a BGR picture, and draws them."""

    noun: str

    def __call__(self, picture: ndarray) -> Found: ...

    def draw(self, picture: ndarray, found: Found) -> ndarray: ...

    def count(self, found: Found) -> int: ...


def enter_scope(scope: str) -> None:
    """Have what is built next looked up in this toolbox; another demo may have been there."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # that the scope has changed, which is meant
        init_default_scope(scope)


def check_loaded(model: nn.Module, checkpoint: Path) -> None:
    """Refuse a checkpoint that does not fill ``model``; mmengine would only print a warning.

    Raises:
        CheckpointError: tensors of the model are missing in the file, or have another shape.
    """
    load(model, checkpoint, WHOLE_MODEL)


def classes_of(
    config: Config, checkpoint: Path, number: int, labels: str | None
) -> tuple[tuple[str, ...], Any]:
    """Names of the classes, and colors if there are some.

    Args:
        number: how many the model tells apart.
        labels: what the user says: a file with a name per line, or a video data set.

    Returns:
        Of ``labels``, else of the checkpoint, else of the config; else numbers.

    Raises:
        ValueError: ``labels`` are not ``number``.
    """
    if labels is not None:
        known = labels in VIDEO_DATASETS
        names = class_names(labels) if known else read_class_names(labels)
        if len(names) != number:
            raise ValueError(f'{labels} has {len(names)} classes, and the model {number}')
        return names, None
    content = read_checkpoint(checkpoint)
    meta = content.get('meta') or {}
    for found in (
        meta.get('dataset_meta') or {},
        {'classes': meta.get('CLASSES'), 'palette': meta.get('PALETTE')},
        find_dataset_meta(config, None),
        {'classes': _of_video_lists(config)},
    ):
        if found.get('classes') and len(found['classes']) == number:
            return tuple(found['classes']), found.get('palette')
    return tuple(f'class {index}' for index in range(number)), None


def _of_video_lists(config: Config) -> tuple[str, ...] | None:
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    ann_file = str(dataset.get('ann_file', ''))
    return next((class_names(name) for name in VIDEO_DATASETS if name in ann_file), None)
