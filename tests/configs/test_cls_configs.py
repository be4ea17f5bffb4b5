"""Every config of configs/cls with UniFormer: it builds, trains, predicts; its name is true."""

import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

pytest.importorskip('mmpretrain')

from cls_configs import FULL, NAMES, check_component_types, config_of, preprocessor_of, random_crop

from configs import check_step

NAME = re.compile(
    r'uniformer_(?P<size>s_plus|xxs|xs|s|b_ls|b|l)(_(?P<dim>dim64))?'
    r'(_abl_(?P<ablation>[a-z0-9]+))?(_(?P<tl>tl))?_in1k(_(?P<pixels>\d+))?'
    r'(_(?P<strategy>fsdp|deepspeed))?'
)
# With token labels small and base have heads of 32 channels, unless the name says otherwise.
ARCHS = {
    's': 'small', 's_plus_dim64': 'small_plus_dim64', 's_plus': 'small_plus', 'b': 'base',
    'b_ls': 'base_ls', 'xxs': 'xxs', 'xs': 'xs', 's_tl': 'small_dim32', 's_plus_tl': 'small_plus',
    'b_tl': 'base_dim32', 'l_tl': 'large_ls', 's_dim64_tl': 'small', 'b_dim64_tl': 'base',
    's_plus_dim64_tl': 'small_plus_dim64',
}  # fmt: skip

# Fields of the architecture that differ from UniFormer-S; none where the name tells the stages.
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
    images = torch.from_numpy(rng.randint(0, 256, (batch, 3, side, side)).astype(np.uint8))
    samples = []
    for index in range(batch):
        sample = DataSample().set_gt_label(int(rng.randint(classes)))
        scores, found = rng.rand(3, 18, 18), rng.randint(0, classes, (3, 18, 18))
        sample.set_field(torch.tensor(np.stack([scores, found])).float(), 'label_map')
        sample.set_field(torch.tensor([0.1, 0.2, 0.5 + 0.1 * index, 0.9]), 'label_map_box')
        samples.append(sample)
    return model.data_preprocessor({'inputs': list(images), 'data_samples': samples}, training)


@pytest.fixture(scope='module', params=NAMES)
def model(request) -> nn.Module:
    torch.manual_seed(0)
    np.random.seed(0)
    return build(request.param)


def test_every_part_of_a_model_gets_a_finite_gradient(model):
    check_step(model.train(), inputs_for(model, True))


def test_scores_are_the_softmax_of_the_linear_layer_after_the_mean_over_positions(model):
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
    assert (found[0] - found[1]).abs().max() > 1e-6  # of two images


@pytest.mark.parametrize('name', FULL)
def test_the_name_of_a_config_tells_the_truth(name):
    parts = NAME.fullmatch(name)
    assert parts, f'{name} does not follow uniformer_SIZE_in1k'
    config = config_of(name)
    check_component_types(
        config, light=parts['size'] in ('xxs', 'xs'), token_labels=bool(parts['tl'])
    )
    assert config.train_dataloader.dataset.data_root == 'data/imagenet'
    pixels = int(parts['pixels'] or 224)
    assert random_crop(config).scale == pixels
    assert config.test_dataloader.dataset.pipeline[2].crop_size == pixels
    assert config.val_dataloader.dataset.pipeline == config.test_dataloader.dataset.pipeline
    assert ('strategy' in config) is bool(parts['strategy'])
    if parts['strategy']:
        assert parts['strategy'] in config.strategy.type.lower()
    if parts['ablation']:
        check_ablation(config.model.backbone.arch, parts['ablation'])
    else:
        words = [parts['size'], parts['dim'], parts['tl']]
        assert config.model.backbone.arch == ARCHS['_'.join(word for word in words if word)]


def check_ablation(arch: Config, ablation: str) -> None:
    fields = ABLATIONS[ablation]
    if fields:
        assert {key: arch[key] for key in arch if key != '_delete_'} == fields
    else:
        assert ''.join(type_[0] for type_ in arch.stage_types) == ablation
