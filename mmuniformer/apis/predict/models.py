"""What the predictors of all tasks share: their form, checked checkpoints, names of classes."""

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

# A checkpoint may hold more than the model, such as the state of an EMA.
WHOLE_MODEL = Rules(
    names={'': ''},
    required='',
    foreign=NO_KEY,
    net='the model of this config',
    advice='files of the authors go through mmuniformer convert first',
)

Found = dict[str, Any]


class Predictor(ABC):
    """A model of one toolbox with its classes, which predicts and draws what it predicted.

    Attributes:
        scope: ``default_scope`` of its configs.
        noun: what :meth:`count` counts.
        takes: ``'image'`` and ``'video'``. Those that take images are given videos frame by frame;
            others are given the path of the video.
    """

    scope: ClassVar[str]
    noun: ClassVar[str]
    takes: ClassVar[tuple[str, ...]] = ('image', 'video')

    @abstractmethod
    def __call__(self, image: ndarray) -> Found:
        """Predict for a BGR image ``(H, W, 3)``; the result can be written as JSON."""

    @abstractmethod
    def draw(self, image: ndarray, found: Found) -> ndarray:
        """Draw ``found`` on a copy of the image, enlarged if it is small."""

    def count(self, found: Found) -> int:
        """Return the number of objects in ``found``."""
        return len(found['labels'])

    def find_files(
        self, config: str | Path, checkpoint: str | Path, device: str
    ) -> tuple[Path, Path]:
        """Return the paths of both files, and enter the scope of the toolbox.

        Raises:
            FileNotFoundError: there is no such config or checkpoint.
            ValueError: the config is of another toolbox, or there is no such device.
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
    """Refuse a checkpoint that does not fill ``model``; mmengine would only print a warning.

    Raises:
        CheckpointError: tensors of the model are missing in the file, or have another shape.
    """
    load(model, checkpoint, WHOLE_MODEL)


def find_classes(
    config: Mapping, checkpoint: Path, number: int, labels: str | Path | None
) -> tuple[tuple[str, ...], Any]:
    """Return the names of the classes, and their colors in RGB or None.

    Args:
        number: of classes of the model.
        labels: file with a name per line, or name of a video dataset.

    Returns:
        Those of ``labels``, else of the checkpoint, else of the config, else numbers.

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
