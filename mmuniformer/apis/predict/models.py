"""Shared code of all predictors: base class, checks of checkpoints, class names."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

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

# A checkpoint may have more than the model, such as an EMA.
WHOLE_MODEL = Rules(
    names={'': ''},
    required='',
    foreign=NO_KEY,
    net='the model of this config',
    advice='files of the authors go through mmuniformer convert first',
)

Found = dict[str, Any]


class Predictor(ABC):
    """Base class: a model that makes predictions and draws them.

    Attributes:
        scope: ``default_scope`` of its configs.
        noun: name of the objects that :meth:`count` counts.
        takes: ``'image'`` and ``'video'``. If it includes images, videos are passed frame by frame,
            otherwise as a path.
    """

    scope: ClassVar[str]
    noun: ClassVar[str]
    takes: ClassVar[tuple[str, ...]] = ('image', 'video')

    @abstractmethod
    def __call__(self, image: ndarray) -> Found:
        """Predict for a BGR image ``(H, W, 3)``; the result can be serialized as JSON."""

    @abstractmethod
    def draw(self, image: ndarray, found: Found) -> ndarray:
        """Draw ``found`` on a copy of the image; small images are enlarged."""

    def count(self, found: Found) -> int:
        """Return the number of objects in ``found``."""
        return len(found['labels'])

    def find_files(
        self, config: str | Path, checkpoint: str | Path, device: str
    ) -> tuple[Path, Path]:
        """Return the paths of both files, and enter the scope of the toolbox.

        Raises:
            FileNotFoundError: the config or checkpoint does not exist.
            ValueError: the config belongs to another toolbox, or the device does not exist.
        """
        config, checkpoint = find_config(config), find_checkpoint(checkpoint)
        scope = load_config(config).get('default_scope')
        if scope != self.scope:
            name = type(self).__name__
            raise ValueError(
                f'{config} is a config of {scope}; {name} needs a config of {self.scope}'
            )
        if device.startswith('cuda') and not cuda.is_available():
            raise ValueError(f'device {device}: torch sees no GPU; leave it out for the CPU')
        enter_scope(self.scope)
        return config, checkpoint


def enter_scope(scope: str) -> None:
    """Make ``scope`` the default scope, which another predictor may have changed."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # about the change
        init_default_scope(scope)


def check_loaded(model: nn.Module, checkpoint: Path) -> None:
    """Check that a checkpoint has all tensors of ``model``; mmengine would only print a warning.

    Raises:
        CheckpointError: tensors are missing, or have another shape.
    """
    load(model, checkpoint, WHOLE_MODEL)


def find_classes(
    config: Mapping, checkpoint: Path, number: int, labels: str | Path | None
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
        names = class_names(labels) if known else read_class_names(labels)
        if len(names) != number:
            raise ValueError(f'{labels} has {len(names)} classes, and the model {number}')
        return names, None
    content = read_checkpoint(checkpoint)
    meta = content.get('meta') or {}
    for found in (
        meta.get('dataset_meta') or {},
        {'classes': meta.get('CLASSES'), 'palette': meta.get('PALETTE')},
        find_dataset_meta(config),
        {'classes': _of_video_lists(config)},
    ):
        if found.get('classes') and len(found['classes']) == number:
            return tuple(found['classes']), found.get('palette')
    return tuple(f'class {index}' for index in range(number)), None


def _of_video_lists(config: Mapping) -> tuple[str, ...] | None:
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    ann_file = str(dataset.get('ann_file', ''))
    return next((class_names(name) for name in VIDEO_DATASETS if name in ann_file), None)
