"""Build the models of configs and load checkpoints."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_checkpoint
from mmengine.utils import get_object_from_string
from torch import nn

from .configs import load_config
from .toolbox import find_toolbox

RANDOM = 'random'  # in place of a checkpoint


def build_model(config: str | Path | Config) -> BaseModel:
    """Build the model of a config with random weights; nothing is downloaded.

    Args:
        config: config file, name of a config of this package, or a loaded config.

    Example:
        >>> model = build_model('uniformer_s_in1k')
        >>> type(model).__name__, model.backbone.out_channels[-1]
        ('ImageClassifier', 512)

    Raises:
        FileNotFoundError: the config does not exist.
        ValueError: the config has no model, or one of an unsupported toolbox or class.
    """
    config = load_config(config)
    toolbox = find_toolbox(config)
    if 'model' not in config:
        raise ValueError('the config has no model; give one that mmuniformer train takes')
    # The default scope is global; the next config may belong to another toolbox.
    with DefaultScope.overwrite_default_scope(toolbox.scope):
        model = MODELS.build(config.model)
    base = get_object_from_string(toolbox.base_class)
    if not isinstance(model, base):
        raise ValueError(
            f'the model is a {type(model).__name__}; of {toolbox.scope}, {base.__name__} and '
            'classes derived from it are supported'
        )
    return model


def find_checkpoint(checkpoint: str | Path) -> Path:
    """Return the path of a checkpoint file.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is a safetensors file, which the toolboxes cannot read.
    """
    path = Path(checkpoint)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    if path.suffix == '.safetensors':
        raise ValueError(f'checkpoint {path}: the toolboxes read .pth files only')
    return path


def load_model(
    config: str | Path | Config, checkpoint: str | Path, device: str = 'cpu'
) -> BaseModel:
    """Build the model of a config in eval mode, with the weights of a checkpoint.

    Args:
        config: config file, name of a config of this package, or a loaded config.
        checkpoint: file written by training, or ``'random'`` for random weights.

    Raises:
        FileNotFoundError: the config or checkpoint does not exist.
        ValueError: the config has no supported model, or the checkpoint does not match it.
    """
    path = None if str(checkpoint) == RANDOM else find_checkpoint(checkpoint)
    model = build_model(config)
    if path is not None:
        try:
            load_checkpoint(model, str(path), map_location='cpu', strict=True)
        except RuntimeError as error:
            raise ValueError(
                f'{checkpoint} does not fit the config: {str(error)[:500]}; mmuniformer convert '
                'makes checkpoints of published files'
            ) from error
    return model.to(device).eval()


def get_in_channels(model: nn.Module) -> int:
    """Return the number of input channels of the backbone, 3 if it is unknown."""
    return getattr(getattr(model, 'backbone', None), 'in_channels', 3)
