"""Every config of configs/cls: it builds, trains, predicts, and its name tells the truth."""

import copy
import functools
import math
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, PARAM_SCHEDULERS, TRANSFORMS, init_default_scope
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from configs import CONFIGS, check_step, configs_of, load

pytest.importorskip('mmpretrain')

NAMES = [path.stem for path in configs_of('cls')]
FULL = [name for name in NAMES if not name.startswith('mini_')]
MINI = [name for name in NAMES if name.startswith('mini_')]
GPUS = 8  # of every published run

NAME = re.compile(
    r'(?P<mini>mini_)?uniformer_(?P<size>s_plus|xxs|xs|s|b_ls|b|l)(_(?P<dim>dim64))?'
    r'(_abl_(?P<ablation>[a-z0-9]+))?(_(?P<tl>tl))?_in1k(_(?P<pixels>\d+))?'
)
# With token labels small and base have heads of 32 channels, unless the name says otherwise.
ARCHS = {
    's': 'small', 's_plus_dim64': 'small_plus_dim64', 's_plus': 'small_plus', 'b': 'base',
    'b_ls': 'base_ls', 'xxs': 'xxs', 'xs': 'xs', 's_tl': 'small_dim32', 's_plus_tl': 'small_plus',
    'b_tl': 'base_dim32', 'l_tl': 'large_ls', 's_dim64_tl': 'small', 'b_dim64_tl': 'base',
    's_plus_dim64_tl': 'small_plus_dim64',
}  # fmt: skip

# learning rate, weight decay, drop path, batch of 8 GPUs, epochs, side of the resized test picture
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

# What is printed and wrong, and ours. Parameters in millions, FLOPs in billions.
ABLATIONS = {
    'mobilenet': {'local_ffn': False},
    'nodpe': {'dpe': False},
    'k3': {'local_kernel': 3},
    'k7': {'local_kernel': 7},
    'k9': {'local_kernel': 9},
    'llll': {},
    'lllg': {},
    'lggg': {},
    'gggg': {},
}


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


def build(name: str) -> nn.Module:
    """Build the classifier of a config; all of its weights are random, factors of layers too."""
    config = config_of(name)
    config.model.backbone.drop_path_rate = 0.0
    preprocessor = preprocessor_of(config)
    # To draw 100 M numbers from a truncated normal distribution takes seconds.
    with torch.device('meta'):
        model = MODELS.build({**config.model, 'data_preprocessor': nn.Identity()})
    model.to_empty(device='cpu').data_preprocessor = preprocessor
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.05)
        for module in model.modules():
            if isinstance(module, (_BatchNorm, nn.LayerNorm)):
                module.weight += 1
            if isinstance(module, _BatchNorm):
                module.reset_running_stats()
    return model


def inputs_for(model: nn.Module, training: bool, batch: int = 2, side: int = 64) -> dict:
    from mmpretrain.structures import DataSample

    rng = np.random.RandomState(0)
    classes = model.head.num_classes
    pictures = torch.from_numpy(rng.randint(0, 256, (batch, 3, side, side)).astype(np.uint8))
    samples = []
    for index in range(batch):
        sample = DataSample().set_gt_label(int(rng.randint(classes)))
        scores, found = rng.rand(3, 18, 18), rng.randint(0, classes, (3, 18, 18))
        sample.set_field(torch.tensor(np.stack([scores, found])).float(), 'label_map')
        sample.set_field(torch.tensor([0.1, 0.2, 0.5 + 0.1 * index, 0.9]), 'label_map_box')
        samples.append(sample)
    return model.data_preprocessor({'inputs': list(pictures), 'data_samples': samples}, training)


@pytest.fixture(scope='module', params=NAMES)
def model(request) -> nn.Module:
    torch.manual_seed(0)
    np.random.seed(0)
    return build(request.param)


def test_every_part_of_a_model_gets_a_finite_gradient(model):
    check_step(model.train(), inputs_for(model, True))


def test_scores_are_the_softmax_of_the_linear_layer_behind_the_mean_over_positions(model):
    data = inputs_for(model.eval(), False)
    with torch.no_grad():
        found = torch.stack([s.pred_score for s in model(**data, mode='predict')])
        features = model.backbone(data['inputs'])
        if type(model.head).__name__ == 'HourglassClsHead':
            features, _ = features  # the class token is for training
        logits = model.head.fc(features.mean((2, 3)))
        if type(model.head).__name__ == 'TokenLabelHead':
            tokens = model.head.aux_fc(features.flatten(2).transpose(1, 2))
            logits = logits + 0.5 * tokens.amax(1)
    assert torch.allclose(found.sum(1), torch.ones(2), atol=1e-5)
    assert torch.allclose(found, logits.softmax(1), rtol=1e-4, atol=1e-7)
    assert (found[0] - found[1]).abs().max() > 1e-6  # of two pictures


@pytest.mark.parametrize('name', NAMES)
def test_the_name_of_a_config_tells_the_truth(name):
    parts = NAME.fullmatch(name)
    assert parts, f'{name} does not follow uniformer_SIZE_in1k'
    config = config_of(name)
    model, light = config.model, parts['size'] in ('xxs', 'xs')
    assert model.backbone.type == ('UniFormerLight' if light else 'UniFormer')
    head = 'TokenLabelHead' if parts['tl'] else 'HourglassClsHead' if light else 'UniFormerClsHead'
    assert model.head.type == head
    transforms = [step.type for step in config.train_dataloader.dataset.pipeline]
    assert ('LoadLabelMap' in transforms) is bool(parts['tl'])
    root = config.train_dataloader.dataset.data_root
    if parts['mini']:
        assert root == 'data/mini/imagenet/'
        depths = {'s': (3, 4, 8, 3), 'xxs': (2, 5, 8, 2)}[parts['size']]
        assert tuple(MODELS.build(model.backbone).depths) == depths
        return
    assert root == 'data/imagenet'
    pixels = int(parts['pixels'] or 224)
    assert random_crop(config).scale == pixels
    assert config.test_dataloader.dataset.pipeline[2].crop_size == pixels
    assert config.val_dataloader.dataset.pipeline == config.test_dataloader.dataset.pipeline
    if parts['ablation']:
        check_ablation(model.backbone.arch, parts['ablation'])
    else:
        words = [parts['size'], parts['dim'], parts['tl']]
        assert model.backbone.arch == ARCHS['_'.join(word for word in words if word)]


def random_crop(config: Config) -> Config:
    steps = config.train_dataloader.dataset.pipeline
    moves = [step for step in steps if step.type == 'WithLabelMap']
    (crop,) = [
        step
        for step in (moves[0].transforms if moves else steps)
        if step.type == 'RandomResizedCrop'
    ]
    return crop


def check_ablation(arch: Config, ablation: str) -> None:
    fields = ABLATIONS[ablation]
    if fields:
        assert {key: arch[key] for key in arch if key != '_delete_'} == fields
    else:
        assert ''.join(kind[0] for kind in arch.stage_types) == ablation


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


def test_token_labels_come_with_their_own_normalisation_and_mix_token():
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
def test_pipelines_give_pictures_of_the_size_in_the_name(name, tmp_path):
    import cv2
    from mmengine.dataset import Compose

    (tmp_path / 'n1').mkdir()
    picture = np.random.RandomState(0).randint(0, 256, (300, 450, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'n1' / 'a.png'), picture)
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
    resized = np.array(pil_bicubic(picture, resize, rows))
    top, left = round((rows - side) / 2), round((resize - side) / 2)
    expected = resized[top : top + side, left : left + side].transpose(2, 0, 1)
    assert np.abs(square.numpy().astype(int) - expected).max() <= 1


def pil_bicubic(picture: np.ndarray, width: int, height: int):
    from PIL import Image

    return Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize('name', MINI)
def test_mini_configs_are_repeatable_and_load_in_process(name):
    config = config_of(name)
    assert config.randomness.seed == 0
    assert 'EpochSeedHook' in [hook.type for hook in config.custom_hooks]
    for loader in (config.train_dataloader, config.val_dataloader):
        assert (loader.num_workers, loader.persistent_workers) == (0, False)
    assert config.auto_scale_lr.base_batch_size == config.train_dataloader.batch_size == 16
