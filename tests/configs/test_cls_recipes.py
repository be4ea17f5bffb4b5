"""The released classifiers train as published: rates, batches, augmentations, images."""

import math

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, PARAM_SCHEDULERS, TRANSFORMS
from torch import nn

pytest.importorskip('mmpretrain')

from cls_configs import config_of, preprocessor_of

GPUS = 8  # of every published run

# learning rate, weight decay, drop path, batch of 8 GPUs, epochs, side of the resized test image
PUBLISHED = {
    's_in1k': (1e-3, 0.05, 0.1, 1024, 300, 256),
    's_plus_in1k': (1e-3, 0.05, 0.1, 1024, 300, 256),
    's_plus_dim64_in1k': (1e-3, 0.05, 0.1, 1024, 300, 256),
    'b_in1k': (8e-4, 0.05, 0.3, 1024, 300, 256),
    'b_ls_in1k': (8e-4, 0.05, 0.3, 1024, 300, 256),
    'xxs_in1k_128': (3.2e-3, 0.1, 0.0, 4096, 600, 146),
    'xxs_in1k_160': (3.2e-3, 0.1, 0.0, 4096, 600, 182),
    'xxs_in1k_192': (3.2e-3, 0.1, 0.0, 4096, 600, 219),
    'xxs_in1k_224': (3.2e-3, 0.1, 0.0, 4096, 600, 256),
    'xs_in1k_192': (4e-3, 0.05, 0.1, 4096, 600, 219),
    'xs_in1k_224': (4e-3, 0.05, 0.1, 4096, 600, 256),
    's_tl_in1k': (1.6e-3, 0.05, 0.1, 1024, 310, 248),
    's_plus_tl_in1k': (1.6e-3, 0.05, 0.1, 1024, 310, 248),
    'b_tl_in1k': (1.6e-3, 0.05, 0.3, 1024, 310, 248),
    'l_tl_in1k': (1.2e-3, 0.05, 0.4, 1024, 310, 248),
    's_dim64_tl_in1k': (1.6e-3, 0.05, 0.1, 1024, 310, 248),
    's_plus_dim64_tl_in1k': (1.6e-3, 0.05, 0.1, 1024, 310, 248),
    'b_dim64_tl_in1k': (1.6e-3, 0.05, 0.3, 1024, 310, 248),
    's_tl_in1k_384': (5e-6, 1e-8, 0.1, 512, 60, 426),
    's_plus_tl_in1k_384': (5e-6, 1e-8, 0.1, 512, 60, 426),
    'b_tl_in1k_384': (5e-6, 1e-8, 0.3, 512, 60, 426),
    'l_tl_in1k_384': (5e-6, 1e-8, 0.3, 256, 60, 426),
}


@pytest.mark.parametrize('name', PUBLISHED)
def test_a_model_trains_as_published(name):
    rate, decay, drop_path, batch, epochs, resized = PUBLISHED[name]
    config = config_of(f'uniformer_{name}')
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, tuple(optimizer.betas), optimizer.eps) == ('AdamW', (0.9, 0.999), 1e-8)
    assert optimizer.lr == pytest.approx(rate)
    assert optimizer.weight_decay == decay
    assert 'clip_grad' not in config.optim_wrapper
    assert config.model.backbone.get('drop_path_rate', 0.0) == drop_path
    assert config.auto_scale_lr == {'enable': False, 'base_batch_size': batch}
    assert config.train_dataloader.batch_size * GPUS == batch
    assert config.train_dataloader.drop_last
    repeats = config.train_dataloader.sampler.type == 'RepeatAugSampler'
    assert repeats is (epochs == 300)
    assert config.train_cfg.max_epochs == epochs
    resize = config.test_dataloader.dataset.pipeline[1]
    assert (resize.type, resize.scale, resize.interpolation) == ('ResizeEdge', resized, 'bicubic')


@pytest.mark.parametrize('name', PUBLISHED)
def test_the_learning_rate_is_the_published_one_in_every_epoch(name):
    rate, *_, epochs, _ = PUBLISHED[name]
    config = config_of(f'uniformer_{name}')
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=config.optim_wrapper.optimizer.lr)
    schedulers = [
        PARAM_SCHEDULERS.build({**step, 'optimizer': optimizer}) for step in config.param_scheduler
    ]
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    assert found == pytest.approx(published_rates(rate, epochs), rel=0.01, abs=3e-7)


def published_rates(rate: float, epochs: int) -> list[float]:
    """Learning rates of all epochs: linear from 1e-6, then a cosine down to 1e-5."""
    if epochs == 60:
        return [rate] * epochs
    warmup, period = (30, 600) if epochs == 600 else (5, 300)
    rates = []
    for epoch in range(epochs):
        cosine = (1 + math.cos(math.pi * min(epoch, period) / period)) / 2
        rising = 1e-6 + epoch * (rate - 1e-6) / warmup
        rates.append(rising if epoch < warmup else 1e-5 + (rate - 1e-5) * cosine)
    return rates


@pytest.mark.parametrize(
    ('name', 'momentum'),
    [
        ('s_in1k', None), ('xxs_in1k_160', 1e-4), ('xs_in1k_224', 1e-4),
        ('s_tl_in1k', 8e-5), ('s_tl_in1k_384', None),
    ],
)  # fmt: skip
def test_the_average_of_the_weights_is_tested_where_it_was(name, momentum):
    hooks = config_of(f'uniformer_{name}').get('custom_hooks', [])
    averages = [hook for hook in hooks if hook.type == 'EMAHook']
    assert [hook.momentum for hook in averages] == ([] if momentum is None else [momentum])
    assert all(hook.update_buffers for hook in averages)


@pytest.mark.parametrize('name', ['s_in1k', 'b_ls_in1k', 'xxs_in1k_224', 'l_tl_in1k'])
def test_all_but_flat_parameters_and_the_class_token_are_decayed(name):
    config = config_of(f'uniformer_{name}')
    with torch.device('meta'):
        net = MODELS.build(config.model)
    optimizer = build_optim_wrapper(net, config.optim_wrapper).optimizer
    decays = {id(p): g['weight_decay'] for g in optimizer.param_groups for p in g['params']}
    for parameter_name, parameter in net.named_parameters():
        flat = parameter.ndim <= 1 or parameter_name == 'backbone.cls_token'
        expected = 0.0 if flat else config.optim_wrapper.optimizer.weight_decay
        assert decays[id(parameter)] == expected, parameter_name
    assert len(optimizer.param_groups) == 2


def test_plain_training_has_the_augmentations_of_deit():
    config = config_of('uniformer_s_in1k')
    crop, flip, augment, erase = config.train_dataloader.dataset.pipeline[1:5]
    assert (crop.interpolation, flip.prob) == ('bicubic', 0.5)
    assert TRANSFORMS.build(crop).crop_ratio_range == (0.08, 1.0)
    level = (augment.num_policies, augment.magnitude_level, augment.magnitude_std)
    assert level == (2, 9, 0.5)
    assert augment.hparams == {'pad_val': [104, 116, 124], 'interpolation': 'bicubic'}
    assert (erase.erase_prob, erase.mode) == (0.25, 'rand')
    mixup, cutmix = config.model.train_cfg.augments
    assert (mixup.type, mixup.alpha, cutmix.type, cutmix.alpha) == ('Mixup', 0.8, 'CutMix', 1.0)
    assert 'probs' not in config.model.train_cfg  # one of the two in every batch, evenly
    assert config.model.head.loss.label_smooth_val == 0.1


def test_xxs_has_the_policy_v0_and_xs_rand_augment():
    types = [s.type for s in config_of('uniformer_xs_in1k_192').train_dataloader.dataset.pipeline]
    assert 'RandAugment' in types
    pipeline = config_of('uniformer_xxs_in1k_192').train_dataloader.dataset.pipeline
    (augment,) = [step for step in pipeline if step.type == 'AutoAugment']
    built = [choice.transforms for choice in TRANSFORMS.build(augment).transforms]
    assert [len(choice) for choice in built] == [2] * 25
    probabilities = [operation.prob for choice in built for operation in choice]
    assert sum(probabilities) == pytest.approx(29.8)
    rotate, translate = built[15]
    assert (rotate.angle, rotate.interpolation) == (21, 'bicubic')
    assert (translate.magnitude, translate.direction) == (pytest.approx(0.405), 'vertical')
    _, brighter = built[13]
    assert brighter.magnitude == pytest.approx(0.72)  # a factor of 1.72
    posterize, solarize = built[22]
    assert (posterize.bits, solarize.thr) == (0, 256)


def test_token_labels_come_with_their_own_normalization_and_mix_token():
    for name in ('uniformer_s_tl_in1k', 'uniformer_s_tl_in1k_384'):
        config = config_of(name)
        assert config.data_preprocessor.mean == config.data_preprocessor.std == [127.5] * 3
        preprocessor = preprocessor_of(config)
        assert preprocessor.mix_token.alpha == 1.0
        assert preprocessor.label_smoothing == 0.1
        assert preprocessor.batch_augments is None
        head = MODELS.build(config.model.head)
        assert head.token_loss_weight == 1.0


@pytest.mark.parametrize('name', ['s_in1k', 'xxs_in1k_128', 'xs_in1k_192', 's_tl_in1k_384'])
def test_pipelines_give_images_of_the_size_in_the_name(name, tmp_path):
    import cv2
    from mmengine.dataset import Compose

    (tmp_path / 'n1').mkdir()
    image = np.random.RandomState(0).randint(0, 256, (300, 450, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'n1' / 'a.png'), image)
    torch.save(torch.rand(2, 5, 18, 18), tmp_path / 'n1' / 'a.pt')
    config = config_of(f'uniformer_{name}')
    side = int(name.split('_')[-1]) if name[-1].isdigit() else 224
    for loader in (config.train_dataloader, config.test_dataloader):
        pipeline = loader.dataset.pipeline
        for step in pipeline:
            if step.type == 'LoadLabelMap':
                step.label_root = str(tmp_path)
        packed = Compose([TRANSFORMS.build(step) for step in pipeline])(
            {'img_path': str(tmp_path / 'n1' / 'a.png'), 'gt_label': 3}
        )
        assert packed['inputs'].shape == (3, side, side)
        assert packed['data_samples'].gt_label == 3
        if '_tl_' in name and loader is config.train_dataloader:
            assert packed['data_samples'].label_map.shape == (2, 5, 18, 18)
    resize = round(PUBLISHED[name][-1] * 1.5)  # the long side of 300×450
    square, rows = packed['inputs'], PUBLISHED[name][-1]
    resized = np.array(pil_bicubic(image, resize, rows))
    top, left = round((rows - side) / 2), round((resize - side) / 2)
    expected = resized[top : top + side, left : left + side].transpose(2, 0, 1)
    assert np.abs(square.numpy().astype(int) - expected).max() <= 1


def pil_bicubic(image: np.ndarray, width: int, height: int):
    from PIL import Image

    return Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
