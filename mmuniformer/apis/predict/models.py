"""Shared code of all predictors: base class, checks of checkpoints, class names."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from mmengine.registry import init_default_scope
from numpy import ndarray
from torch import cuda, nn

from ...weights import read_checkpoint
from ...weights.class_names import DATASETS as VIDEO_DATASETS
from ...weights.class_names import class_names, read_class_names
from ...weights.load import load
from ...weights.rules import NO_KEY, Rules
from ..configs import find_config, find_dataset_meta, load_config
from ..model import find_checkpoint
from .sources import BOTH, MediaType

# A checkpoint may have more than the model, such as an EMA.
WHOLE_MODEL = Rules(
    names={'': ''},
    required='',
    foreign=NO_KEY,
    net='the model of this config',
    advice='files of the authors go through mmuniformer convert first',
)

Found = dict[str, Any]
Given = TypeVar('Given', ndarray, Path)  # an image, or the path of a video


@dataclass
class Predictor(ABC, Generic[Given]):
    """Base class: a model that makes predictions and draws them.

    Args:
        config: config file, or name of a config of this package.
        checkpoint: file written by training.
        device: ``'cpu'``, ``'cuda'`` or ``'cuda:0'``.

    Attributes:
        scope: ``default_scope`` of its configs.
        noun: name of the objects that :meth:`count` counts.
        takes: ``'image'`` and ``'video'``. If it includes images, videos are passed frame by frame,
            otherwise as a path.

    Raises:
        FileNotFoundError: the config or checkpoint does not exist.
        ValueError: the config belongs to another toolbox, the device does not exist, or the
            checkpoint does not match the config.
    """

    scope: ClassVar[str]
    noun: ClassVar[str]
    takes: ClassVar[tuple[MediaType, ...]] = BOTH

    config: str | Path
    checkpoint: str | Path
    device: str = 'cpu'

    def __post_init__(self) -> None:
        self.config, self.checkpoint = find_config(self.config), find_checkpoint(self.checkpoint)
        scope = load_config(self.config).get('default_scope')
        if scope != self.scope:
            raise ValueError(
                f'{self.config} is a config of {scope}; {type(self).__name__} needs a config of '
                f'{self.scope}'
            )
        if self.device.startswith('cuda') and not cuda.is_available():
            raise ValueError(f'device {self.device}: torch sees no GPU; leave it out for the CPU')
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # that another predictor had another default scope
            init_default_scope(self.scope)
        # mmengine would only print a warning about missing tensors.
        load(self.build(str(self.config), str(self.checkpoint)), self.checkpoint, WHOLE_MODEL)

    @abstractmethod
    def build(self, config: str, checkpoint: str) -> nn.Module:
        """Build the toolbox's inferencer and return its model."""

    @abstractmethod
    def __call__(self, given: Given) -> Found:
        """Predict for a BGR image ``(H, W, 3)`` or a video; the result is serializable as JSON."""

    @abstractmethod
    def draw(self, image: ndarray, found: Found) -> ndarray:
        """Draw ``found`` on a copy of the image; small images are enlarged."""

    def count(self, found: Found) -> int:
        """Return the number of objects in ``found``."""
        return len(found['labels'])


def find_classes(
    config: Mapping, checkpoint: str | Path, number: int, labels: str | Path | None
) -> tuple[tuple[str, ...], Any]:
    """Return the class names, and their RGB colors or None.

    Args:
        number: number of classes of the model.
        labels: file with a name per line, or name of a video data set.

    Returns:
        The names in ``labels``, otherwise in the checkpoint, otherwise in the config, otherwise
        numbers.

    Raises:
        ValueError: ``labels`` has another number of classes.
    """
    if labels is not None:
        known = labels in VIDEO_DATASETS
        names = class_names(str(labels)) if known else read_class_names(labels)
        if len(names) != number:
            raise ValueError(f'{labels} has {len(names)} classes, and the model {number}')
        return names, None
    meta = read_checkpoint(checkpoint).get('meta') or {}
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    lists = str(dataset.get('ann_file', ''))
    for found in (
        meta.get('dataset_meta') or {},
        {'classes': meta.get('CLASSES'), 'palette': meta.get('PALETTE')},
        find_dataset_meta(config),
        *({'classes': class_names(name)} for name in VIDEO_DATASETS if name in lists),
    ):
        classes = found.get('classes') or ()
        if len(classes) == number:
            return tuple(classes), found.get('palette')
    return tuple(f'class {index}' for index in range(number)), None
