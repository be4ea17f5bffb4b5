"""The mini classifiers: their names are true, they repeat, and each starts where it says."""

import importlib
import re

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import MODELS, TRANSFORMS

pytest.importorskip('mmpretrain')

from cls_configs import MINI, check_component_types, config_of, random_crop

from configs import CONFIGS

# Depths, light model, token labels, image side in pixels.
EXPECTED = {
    'mini_uniformer_s_in1k': ((3, 4, 8, 3), False, False, 64),
    'mini_uniformer_s_in1k_96': ((3, 4, 8, 3), False, False, 96),
    'mini_uniformer_s_tl_in1k': ((3, 4, 8, 3), False, True, 96),
    'mini_uniformer_xxs_in1k': ((2, 5, 8, 2), True, False, 64),
    'mini_finetune_uniformer_s': ((3, 4, 8, 3), False, False, 64),
}
# Config → the config whose last epoch it starts from.
STARTS = {
    'mini_uniformer_s_in1k_96': 'mini_uniformer_s_in1k',
    'mini_finetune_uniformer_s': 'mini_uniformer_s_in1k',
}


def maker_of(name: str):
    """Import the module that draws the images of a config."""
    root = config_of(name).train_dataloader.dataset.data_root
    name = root.removeprefix('data/mini/').rstrip('/')
    return importlib.import_module(f'mmuniformer.data.mini.{name}')


def test_every_mini_config_is_known_here():
    assert sorted(EXPECTED) == MINI


@pytest.mark.parametrize('name', MINI)
def test_the_name_of_a_mini_config_tells_the_truth(name):
    depths, light, token_labels, pixels = EXPECTED[name]
    config = config_of(name)
    check_component_types(config, light, token_labels)
    assert tuple(MODELS.build(config.model.backbone).depths) == depths
    assert random_crop(config).scale == pixels
    assert config.val_dataloader == config.test_dataloader


@pytest.mark.parametrize('name', MINI)
def test_mini_configs_are_repeatable_and_load_in_process(name):
    config = config_of(name)
    assert config.randomness.seed == 0
    assert 'EpochSeedHook' in [hook.type for hook in config.custom_hooks]
    for loader in (config.train_dataloader, config.val_dataloader):
        assert (loader.num_workers, loader.persistent_workers) == (0, False)


@pytest.mark.parametrize('name', MINI)
def test_head_and_preprocessor_know_the_classes_that_the_tool_draws(name, tmp_path):
    from mmpretrain.datasets import build_dataset

    maker, config = maker_of(name), config_of(name)
    count = len(maker.CLASSES)
    assert config.model.head.num_classes == config.data_preprocessor.num_classes == count
    list(maker.make(tmp_path, seed=0, train=count, val=count, size=64))
    for loader in (config.train_dataloader, config.val_dataloader):
        data = build_dataset({**loader.dataset, 'data_root': str(tmp_path)})
        assert tuple(data.CLASSES) == maker.CLASSES
        assert data.get_gt_labels().tolist() == list(range(count))


@pytest.mark.parametrize('name', MINI)
def test_pipelines_give_images_of_the_stated_size(name, tmp_path):
    import cv2

    pixels, config = EXPECTED[name][-1], config_of(name)
    (tmp_path / 'star').mkdir()
    image = np.random.RandomState(0).randint(0, 256, (96, 96, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'star' / 'a.png'), image)
    torch.save(torch.rand(2, 5, 3, 3), tmp_path / 'star' / 'a.pt')
    for loader in (config.train_dataloader, config.val_dataloader):
        for step in loader.dataset.pipeline:
            if step.type == 'LoadLabelMap':
                step.label_root = str(tmp_path)
        steps = Compose([TRANSFORMS.build(step) for step in loader.dataset.pipeline])
        packed = steps({'img_path': str(tmp_path / 'star' / 'a.png'), 'gt_label': 3})
        assert packed['inputs'].shape == (3, pixels, pixels)
        assert packed['data_samples'].gt_label == 3
    if pixels == 96:  # as drawn: nothing is resampled
        assert np.array_equal(packed['inputs'].numpy(), image.transpose(2, 0, 1))


@pytest.mark.parametrize('name', STARTS)
def test_training_starts_from_the_last_epoch_of_the_first_mini_model(name):
    start = config_of(STARTS[name])
    epochs = start.train_cfg.max_epochs
    assert epochs % start.default_hooks.checkpoint.interval == 0
    assert config_of(name).load_from == f'work_dirs/{STARTS[name]}/epoch_{epochs}.pth'
    assert config_of(name).model.backbone == start.model.backbone


def test_label_maps_are_made_by_the_first_mini_model_for_all_training_images():
    name = 'mini_uniformer_s_tl_in1k'
    header = (CONFIGS / 'cls' / f'{name}.py').read_text().split('"""')[1]
    config, start = config_of(name), config_of('mini_uniformer_s_in1k')
    data, epochs = config.train_dataloader.dataset, start.train_cfg.max_epochs
    (label_root,) = [step.label_root for step in data.pipeline if step.type == 'LoadLabelMap']
    assert f'mmuniformer make-label-maps {data.data_root}{data.data_prefix} {label_root} ' in header
    assert '--model configs/cls/mini_uniformer_s_in1k.py' in header
    assert f'--checkpoint work_dirs/mini_uniformer_s_in1k/epoch_{epochs}.pth' in header


def test_four_lines_of_the_fine_tuning_are_the_users_and_all_else_follows():
    path = CONFIGS / 'cls' / 'mini_finetune_uniformer_s.py'
    lines = re.findall(r'^(\w+) = .*# (\d)\. ', path.read_text(), re.MULTILINE)
    assert lines == [('classes', '1'), ('data_root', '2'), ('folders', '3'), ('load_from', '4')]
    body = path.read_text().split('# 4.')[1]
    assert 'mini' not in body
    assert config_of(path.stem).classes == maker_of(path.stem).CLASSES


def test_a_higher_resolution_changes_images_and_schedule_and_not_the_model():
    high, low = config_of('mini_uniformer_s_in1k_96'), config_of('mini_uniformer_s_in1k')
    assert high.model == low.model
    assert high.data_preprocessor == low.data_preprocessor
    assert high.train_cfg.max_epochs == low.train_cfg.max_epochs / 5
    assert high.optim_wrapper.optimizer.lr == low.optim_wrapper.optimizer.lr / 5
