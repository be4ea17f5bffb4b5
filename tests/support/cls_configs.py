"""The configs of image classification with UniFormer: read once each, and what is in them."""

import copy
import functools

from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from configs import CONFIGS, configs_of, load

NAMES = [path.stem for path in configs_of('cls') if 'uniformer_' in path.stem]
FULL = [name for name in NAMES if not name.startswith('mini_')]
MINI = [name for name in NAMES if name.startswith('mini_')]


@functools.cache
def _loaded(name: str) -> Config:
    return load(CONFIGS / 'cls' / f'{name}.py')


def config_of(name: str) -> Config:
    """A copy of a config that is read once; its toolbox becomes the default scope."""
    config = copy.deepcopy(_loaded(name))
    init_default_scope(config.default_scope)
    return config


def preprocessor_of(config: Config) -> nn.Module:
    """Build the preprocessor as ImageClassifier does."""
    defaults = {'type': 'ClsDataPreprocessor', 'batch_augments': config.model.train_cfg}
    return MODELS.build({**defaults, **config.data_preprocessor})


def random_crop(config: Config) -> Config:
    steps = config.train_dataloader.dataset.pipeline
    moves = [step for step in steps if step.type == 'WithLabelMap']
    (crop,) = [
        step
        for step in (moves[0].transforms if moves else steps)
        if step.type == 'RandomResizedCrop'
    ]
    return crop


def check_component_types(config: Config, light: bool, token_labels: bool) -> None:
    """Check that the types of backbone, head, preprocessor and pipeline match."""
    model = config.model
    assert model.backbone.type == ('UniFormerLight' if light else 'UniFormer')
    head = 'HourglassClsHead' if light else 'UniFormerClsHead'
    assert model.head.type == ('TokenLabelHead' if token_labels else head)
    transforms = [step.type for step in config.train_dataloader.dataset.pipeline]
    assert ('LoadLabelMap' in transforms) is token_labels
    labels = config.data_preprocessor.get('type') == 'TokenLabelDataPreprocessor'
    assert labels is token_labels
