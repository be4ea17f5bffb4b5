"""The configs of the repository: finding, loading and building them, and one step of training."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
DEPTHS = {'s': (3, 4, 8, 3), 'b': (5, 8, 20, 7), 'xxs': (2, 5, 8, 2), 'xs': (3, 5, 9, 3)}
ARCHS = {'s': 'small', 'b': 'base', 'xxs': 'xxs', 'xs': 'xs'}
PATTERNS = {'g': 'global', 'w': 'window', 'h': 'hybrid'}


def configs_of(task: str) -> list[Path]:
    return sorted((CONFIGS / task).glob('*.py'))


def stem(path: Path) -> str:
    return path.stem


def load(path: Path) -> Config:
    config = Config.fromfile(path)
    init_default_scope(config.default_scope)
    return config


def build(config: Config, **backbone) -> torch.nn.Module:
    """Build the model of a config as a Runner does, without pretrained weights."""
    config.model.backbone.update(init_cfg=None, **backbone)
    model = MODELS.build(config.model)
    model.init_weights()  # some parameters hold whatever was in memory until then
    return model


def check_step(model: torch.nn.Module, inputs: dict) -> None:
    """Run one loss and its gradient: finite, and none missing in any part of the model."""
    loss, _ = model.parse_losses(model(**inputs, mode='loss'))
    assert torch.isfinite(loss)
    loss.backward()
    learning = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert [name for name, p in learning.items() if p.grad is None] == []
    for name, part in model.named_children():
        gradients = [p.grad.norm() for p in part.parameters() if p.grad is not None]
        if gradients:
            assert 0 < torch.stack(gradients).norm() < float('inf'), name


def check_pattern(backbone: Config, pattern: str) -> None:
    """Compare attention and window of a config with the letters in its name: g, w14, h32."""
    assert backbone.attention == PATTERNS[pattern[0]]
    if pattern != 'g':
        assert backbone.window_size == int(pattern[1:])


def check_size(config: Config, size: str, mini: bool) -> None:
    if mini:
        assert tuple(build(config).backbone.depths) == DEPTHS[size]
    else:
        assert config.model.backbone.arch == ARCHS[size]
