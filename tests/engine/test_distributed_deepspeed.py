"""The config for DeepSpeed, which need not be installed."""

from importlib.util import find_spec

import pytest
from mmengine.config import Config
from mmengine.registry import STRATEGIES

import mmuniformer  # noqa: F401


@pytest.fixture
def config(repo_root) -> Config:
    return Config.fromfile(repo_root / 'configs/cls/uniformer_b_in1k_deepspeed.py')


def test_the_recipe_is_that_of_the_config_without_deepspeed(config, repo_root):
    plain = Config.fromfile(repo_root / 'configs/cls/uniformer_b_in1k.py')
    assert config.runner_type == 'FlexibleRunner'
    assert config.optim_wrapper.type == 'DeepSpeedOptimWrapper'
    for key in ('model', 'train_dataloader', 'param_scheduler', 'train_cfg', 'auto_scale_lr'):
        assert config[key] == plain[key], key
    for key in ('optimizer', 'constructor', 'paramwise_cfg'):
        assert config.optim_wrapper[key] == plain.optim_wrapper[key], key


def test_the_strategy_is_built_where_deepspeed_is_and_says_elsewhere_what_is_missing(
    config, tmp_path
):
    given = {'work_dir': str(tmp_path), 'env_kwargs': {'launcher': 'none'}}
    cfg = {**config.strategy.to_dict(), **given, 'train_micro_batch_size_per_gpu': 128}
    if find_spec('deepspeed') is None:
        with pytest.raises(AssertionError, match='DeepSpeed is not installed'):
            STRATEGIES.build(cfg)
        return
    settings = STRATEGIES.build(cfg).config
    assert settings['zero_optimization'] == {'stage': 2}
    assert settings['train_micro_batch_size_per_gpu'] == 128
    assert settings['gradient_accumulation_steps'] == 1
