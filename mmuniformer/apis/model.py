"""Models of configs, with the weights of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_checkpoint
from mmengine.utils import get_object_from_string
from torch import nn

from .configs import load_config
from .toolbox import find_toolbox

RANDOM = 'random'  # in place of a checkpoint


def build_model(config: str | Path | Config) -> nn.Module:
    """Build the model of a config with random weights; nothing is downloaded.

    Args:
        config: file, name of a config of this package, or config.

    Example:
        >>> model = build_model('uniformer_s_in1k')
        >>> type(model).__name__, model.backbone.out_channels[-1]
        ('ImageClassifier', 512)

    Raises:
        FileNotFoundError: there is no such config.
        ValueError: the config has no model, or none of a supported toolbox and class.
    """
    config = load_config(config)
    toolbox = find_toolbox(config)
    if 'model' not in config:
        raise ValueError('the config has no model; give one that mmuniformer train takes')
    # The default scope is one per process; the next config may be of another toolbox.
    with DefaultScope.overwrite_default_scope(toolbox.scope):
        model = MODELS.build(config.model)
    base = get_object_from_string(toolbox.base_class)
    if not isinstance(model, base):
        raise ValueError(
            f'the model is a {type(model).__name__}; of {toolbox.scope}, {base.__name__} and '
            'classes derived from it are supported'
        )
    return model


def load_model(
    config: str | Path | Config, checkpoint: str | Path, device: str = 'cpu'
) -> nn.Module:
    """Build the model of a config in eval mode, with the weights of a checkpoint.

    Args:
        config: file, name of a config of this package, or config.
        checkpoint: file that training wrote, or ``'random'`` to measure a model without one.

    Raises:
        FileNotFoundError: there is no such config.
        ValueError: the config has no supported model, or the checkpoint does not fit it.
    """
    model = build_model(config)
    if str(checkpoint) != RANDOM:
        try:
            load_checkpoint(model, str(checkpoint), map_location='cpu', strict=True)
        except RuntimeError as error:
            raise ValueError(
                f'{checkpoint} does not fit the config: {str(error)[:500]}; mmuniformer convert '
                'makes checkpoints of published files'
            ) from error
    return model.to(device).eval()
