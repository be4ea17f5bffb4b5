"""Checkpoints of untrained models."""

from pathlib import Path

import torch
from mmengine.config import Config

from mmuniformer.apis.model import build_model


def save_untrained(config: str | Config, path: Path, **meta) -> Path:
    """Save the model of a config with random weights, as training does.

    Args:
        meta: of the data set, such as ``classes``.
    """
    torch.manual_seed(0)
    model = build_model(config)
    model.init_weights()
    torch.save({'meta': {'dataset_meta': meta}, 'state_dict': model.state_dict()}, path)
    return path
