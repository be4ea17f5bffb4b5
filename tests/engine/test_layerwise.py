"""Every parameter gets the learning rate and weight decay that the config says, in few groups."""

import itertools
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.optim import DefaultOptimWrapperConstructor, build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import nn

import mmuniformer  # noqa: F401
from mmuniformer.layers.dpe import DPE3d
from mmuniformer.models import UniFormer, UniFormer3D

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
ARCH = {'depths': (1, 2, 2, 1), 'dims': (8, 8, 16, 16), 'head_dim': 8, 'mlp_ratios': (2, 2, 2, 2)}
LR, DECAY = 1e-3, 0.05
# Layers as counted by hand for these depths: downsampling 0, six blocks, and what follows.
LAYERS = {
    'patch_embed1': 0,
    'blocks1.0': 1,
    'patch_embed2': 2,
    'blocks2.0': 2,
    'blocks2.1': 3,
    'patch_embed3': 4,
    'blocks3.0': 4,
    'blocks3.1': 5,
    'patch_embed4': 6,
    'blocks4.0': 6,
    'norm': 7,
}


class Classifier(BaseModel):
    """A backbone and a head with one norm, so that something follows the backbone."""

    def __init__(self, backbone: nn.Module):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 3))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.head(self.backbone(inputs)[-1].flatten(2).mean(-1))


def small(**options) -> Classifier:
    torch.manual_seed(0)
    return Classifier(UniFormer(arch={**ARCH, 'layer_scale': 0.1}, **options))


def build(model: nn.Module, paramwise_cfg: dict | None = None, **optimizer):
    """Build with AdamW and what differs; ``None`` takes a word out."""
    optimizer = {'type': 'AdamW', 'lr': LR, 'weight_decay': DECAY, **optimizer}
    cfg = {
        'type': 'OptimWrapper',
        'constructor': 'LayerwiseOptimWrapperConstructor',
        'optimizer': {word: value for word, value in optimizer.items() if value is not None},
    }
    return build_optim_wrapper(model, {**cfg, 'paramwise_cfg': paramwise_cfg}).optimizer


def settings(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, tuple[float, float]]:
    """Name of each parameter → its learning rate and weight decay."""
    names = {parameter: name for name, parameter in model.named_parameters()}
    return {
        names[parameter]: (group['lr'], group['weight_decay'])
        for group in optimizer.param_groups
        for parameter in group['params']
    }


@pytest.fixture
def tables() -> Iterator[list[list[str]]]:
    """The lines of every table that goes to mmengine's log meanwhile."""
    found: list[list[str]] = []

    def emit(record: logging.LogRecord) -> None:
        title, *lines = record.getMessage().splitlines()
        if title == 'parameters of the optimizer':
            found.append(lines)

    handler = logging.Handler()
    handler.emit = emit
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


@pytest.mark.parametrize('prefix', ['', 'backbone.'])
def test_a_block_learns_at_the_rate_of_its_depth(prefix):
    model = small() if prefix else small().backbone
    found = settings(build(model, {'layer_decay_rate': 0.9}), model)
    assert set(found) == {name for name, _ in model.named_parameters()}
    for name, (lr, decay) in found.items():
        place = re.match(rf'{prefix}(patch_embed\d|blocks\d\.\d|norm)', name)
        layer = LAYERS[place[1]] if place else 7
        assert lr == pytest.approx(LR * 0.9 ** (7 - layer), rel=1e-12), name
        assert decay == DECAY


def test_weight_decay_goes_by_what_a_parameter_is_and_not_by_its_name():
    model = small()
    factors = {'norm': 0.1, 'layer_scale': 0.2, 'bias': 0.3, 'dpe': 0.4, 'dwconv': 0.5}
    paramwise = {f'{name}_decay_mult': value for name, value in factors.items()}
    found = settings(build(model, paramwise), model)
    expected = {
        'backbone.patch_embed1.proj.weight': 1,
        'backbone.patch_embed1.proj.bias': 0.3,
        'backbone.patch_embed1.norm.weight': 0.1,
        'backbone.blocks1.0.pos_embed.weight': 0.4,
        'backbone.blocks1.0.pos_embed.bias': 0.3,
        'backbone.blocks1.0.attn.weight': 0.5,
        'backbone.blocks1.0.norm1.weight': 0.1,
        'backbone.blocks1.0.norm1.bias': 0.1,
        'backbone.blocks1.0.gamma_1': 0.2,
        'backbone.blocks1.0.conv1.weight': 1,
        'backbone.blocks3.1.pos_embed.weight': 0.4,
        'backbone.blocks3.1.norm2.bias': 0.1,
        'backbone.blocks3.1.attn.qkv.weight': 1,
        'backbone.blocks3.1.attn.qkv.bias': 0.3,
        'backbone.blocks3.1.gamma_2': 0.2,
        'backbone.norm4.weight': 0.1,
        'head.0.weight': 0.1,  # a LayerNorm that no name betrays
        'head.0.bias': 0.1,
        'head.1.weight': 1,
        'head.1.bias': 0.3,
    }
    for name, factor in expected.items():
        assert found[name] == (LR, pytest.approx(DECAY * factor)), name


@pytest.mark.parametrize(
    'norm',
    [
        nn.BatchNorm1d(4),
        nn.BatchNorm2d(4),
        nn.BatchNorm3d(4),
        nn.SyncBatchNorm(4),
        nn.GroupNorm(2, 4),
        nn.LayerNorm(4),
        nn.InstanceNorm2d(4, affine=True),
    ],
    ids=lambda norm: type(norm).__name__,
)
def test_every_sort_of_norm_is_one(norm):
    model = nn.ModuleDict({'first': norm, 'second': nn.Linear(4, 4)})
    found = settings(build(model, {'norm_decay_mult': 0.0}), model)
    assert [decay for _, decay in found.values()] == [0, 0, DECAY, DECAY]


def test_position_embeddings_in_a_list_and_packed_attention_biases_are_known():
    transformer = {'dpe': nn.ModuleList([DPE3d(4, 3)])}
    transformer['attn'] = nn.MultiheadAttention(4, 2)
    model = nn.ModuleDict(transformer)
    found = settings(build(model, {'dpe_decay_mult': 0.5, 'bias_decay_mult': 0.0}), model)
    assert {name: decay for name, (_, decay) in found.items()} == {
        'dpe.0.weight': 0.5 * DECAY,
        'dpe.0.bias': 0,
        'attn.in_proj_weight': DECAY,
        'attn.in_proj_bias': 0,
        'attn.out_proj.weight': DECAY,
        'attn.out_proj.bias': 0,
    }


def test_a_net_for_clips_has_the_same_rules():
    torch.manual_seed(0)
    model = Classifier(UniFormer3D(arch=ARCH))
    paramwise = {'layer_decay_rate': 0.5, 'dpe_decay_mult': 0.0, 'dwconv_decay_mult': 0.1}
    found = settings(build(model, paramwise), model)
    assert found['backbone.patch_embed1.proj.weight'] == (LR / 2**7, DECAY)
    assert found['backbone.blocks2.1.pos_embed.weight'] == (LR / 2**4, 0)
    assert found['backbone.blocks2.1.attn.weight'] == (LR / 2**4, pytest.approx(DECAY / 10))
    assert found['backbone.blocks4.0.attn.qkv.weight'] == (LR / 2, DECAY)
    assert found['backbone.norm.weight'] == found['head.1.weight'] == (LR, DECAY)


COMMON = {
    'norm_decay_mult': 0.1,
    'bias_decay_mult': 0.2,
    'dwconv_decay_mult': 0.3,
    'flat_decay_mult': 0.4,
    'bias_lr_mult': 2.0,
    'custom_keys': {
        'blocks3': {'lr_mult': 0.5},
        'blocks3.1.norm': {'decay_mult': 0.6},
        'head.0': {'lr_mult': 3.0, 'decay_mult': 0.0},
    },
}


@pytest.mark.parametrize('count', range(len(COMMON) + 1))
def test_with_mmengines_words_the_numbers_are_mmengines(count):
    model = small()
    cfg = {'optimizer': {'type': 'AdamW', 'lr': LR, 'weight_decay': DECAY}}
    for words in itertools.combinations(COMMON, count):
        paramwise = {word: COMMON[word] for word in words}
        theirs = DefaultOptimWrapperConstructor(cfg, paramwise)(model).optimizer
        assert settings(build(model, paramwise), model) == settings(theirs, model), words


def test_a_custom_key_replaces_the_factors_and_keeps_the_layer():
    model = small()
    paramwise = {
        'layer_decay_rate': 0.5,
        'norm_decay_mult': 0.0,
        'custom_keys': {'blocks4': {'lr_mult': 3.0}, 'head': {'lr_mult': 10.0, 'decay_mult': 0.2}},
    }
    found = settings(build(model, paramwise), model)
    assert found['backbone.blocks4.0.norm1.weight'] == (3 * LR / 2, DECAY)
    assert found['backbone.blocks3.1.norm1.weight'] == (LR / 4, 0)
    assert found['head.0.weight'] == found['head.1.bias'] == (10 * LR, 0.2 * DECAY)


def test_parameters_with_the_same_settings_share_a_group():
    model = small()
    paramwise = {'layer_decay_rate': 0.9, 'norm_decay_mult': 0.0, 'bias_decay_mult': 0.0}
    groups = build(model, paramwise).param_groups
    assert len(groups) == 8 * 2  # layers, decayed or not
    assert len({(group['lr'], group['weight_decay']) for group in groups}) == 16
    assert sum(len(group['params']) for group in groups) == len(list(model.parameters()))
    assert len(build(model).param_groups) == 1


def test_frozen_parameters_are_left_out_and_counted(tables):
    model = small(frozen_stages=1)
    frozen = [p for p in model.parameters() if not p.requires_grad]
    trained = [p for p in model.parameters() if p.requires_grad]
    assert len(frozen) == 4 + 18
    groups = build(model, {'layer_decay_rate': 0.9}).param_groups
    taken = {parameter for group in groups for parameter in group['params']}
    assert taken == set(trained)
    counted = {row[0]: row[1:] for row in map(str.split, tables[-1])}
    assert counted['trained'] == [str(len(trained)), f'{sum(p.numel() for p in trained):,}']
    assert counted['frozen'] == [str(len(frozen)), f'{sum(p.numel() for p in frozen):,}']


def test_the_table_has_a_line_for_every_group_and_adds_up(tables):
    model = small()
    paramwise = {'layer_decay_rate': 0.5, 'norm_decay_mult': 0.0}
    groups = build(model, paramwise).param_groups
    header, *rows, trained = tables[-1]
    assert re.split(r'\s{2,}', header.strip())[0] == 'layer'
    assert len(rows) == len(groups) == 16
    for row, group in zip(rows, groups, strict=True):
        *_, scale, decay, tensors, numel = row.split()
        assert float(scale) * LR == pytest.approx(group['lr'], rel=1e-3)
        assert float(decay) == group['weight_decay']
        assert int(tensors) == len(group['params'])
        assert int(numel.replace(',', '')) == sum(p.numel() for p in group['params'])
    assert trained.split() == [
        'trained',
        str(len(list(model.parameters()))),
        f'{sum(p.numel() for p in model.parameters()):,}',
    ]
    assert [row.split()[0] for row in rows] == [str(layer) for layer in range(8) for _ in range(2)]


def test_a_key_that_matches_nothing_is_refused_and_a_near_one_named():
    keys = {'norm': {'decay_mult': 0.0}, 'absolute_pos_embed': {'decay_mult': 0.0}}
    with pytest.raises(ValueError, match="Classifier has 'absolute_pos_embed'.*near: 'pos_embed'"):
        build(small(), {'custom_keys': keys})


@pytest.mark.parametrize(
    ('paramwise', 'optimizer', 'error', 'message'),
    [
        ({'decay_rate': 0.9}, {}, ValueError, "no 'decay_rate' .near: 'layer_decay_rate'"),
        ({'num_layers': 12}, {}, ValueError, "no 'num_layers'; there are layer_decay_rate"),
        ({'layer_decay_rate': 0}, {}, ValueError, r'layer_decay_rate 0 is outside \(0, 1\]'),
        ({'layer_decay_rate': 1.5}, {}, ValueError, r'layer_decay_rate 1.5 is outside'),
        ({'layer_decay_rate': '0.9'}, {}, TypeError, 'layer_decay_rate is a number'),
        ({'norm_decay_mult': -1}, {}, ValueError, 'norm_decay_mult -1 is below 0'),
        ({'dpe_decay_mult': 0}, {'weight_decay': None}, ValueError, 'state weight_decay'),
        ({'layer_decay_rate': 0.9}, {'lr': None}, ValueError, 'state lr'),
        ({'custom_keys': ['head']}, {}, TypeError, 'custom_keys is a dict'),
        ({'custom_keys': {'head': 0.1}}, {}, TypeError, r"custom_keys\['head'\] is a dict"),
        ({'custom_keys': {'head': {'lr': 1}}}, {}, ValueError, "has no 'lr'"),
        ({'custom_keys': {'head': {'lr_mult': '2'}}}, {}, TypeError, 'lr_mult is a number'),
        ('norm', {}, TypeError, 'paramwise_cfg is a dict'),
    ],
)
def test_a_mistake_in_the_config_is_refused(paramwise, optimizer, error, message):
    with pytest.raises(error, match=message):
        build(small(), paramwise, **optimizer)


def test_a_backbone_that_tells_no_depth_is_refused_unless_all_layers_learn_alike():
    model = Classifier(nn.Conv2d(3, 16, 1))
    with pytest.raises(ValueError, match='get_layer_depth.*which Conv2d lacks'):
        build(model, {'layer_decay_rate': 0.9})
    found = settings(build(model, {'layer_decay_rate': 1.0, 'bias_decay_mult': 0.0}), model)
    assert found['backbone.weight'] == (LR, DECAY)
    assert found['backbone.bias'] == (LR, 0)


def shared() -> nn.Module:
    model = nn.ModuleDict({'first': nn.Linear(2, 2), 'second': nn.Linear(2, 2)})
    model['second'].weight = model['first'].weight
    return model


def test_a_shared_parameter_is_refused_or_taken_once(tables):
    with pytest.raises(ValueError, match='first.weight and second.weight are the same parameter'):
        build(shared(), {'norm_decay_mult': 0.0})
    model = shared()
    keys = {'second': {'lr_mult': 2.0}}
    optimizer = build(model, {'bypass_duplicate': True, 'custom_keys': keys})
    assert settings(optimizer, model) == {
        'first.weight': (LR, DECAY),
        'first.bias': (LR, DECAY),
        'second.bias': (2 * LR, DECAY),
    }
    assert sum(len(group['params']) for group in optimizer.param_groups) == 3
    assert tables[-1][-1].split() == ['shared', '1', '4']


def test_without_a_base_of_its_own_the_optimizer_keeps_its_defaults():
    model = small()
    (group,) = build(model, lr=None, weight_decay=None, type='SGD').param_groups
    assert (group['lr'], group['weight_decay']) == (1e-3, 0)


def test_the_classifiers_of_mmpretrain_and_its_own_backbones_work():
    pytest.importorskip('mmpretrain')
    from mmpretrain.models import ImageClassifier, VisionTransformer

    init_default_scope('mmpretrain')
    backbone = {'type': 'mmuniformer.UniFormer', 'arch': ARCH, 'out_indices': 3}
    model = ImageClassifier(backbone={**backbone, 'out_norm': 'batch'})
    found = settings(build(model, {'layer_decay_rate': 0.5}), model)
    assert found['backbone.blocks1.0.conv1.weight'] == (LR / 2**6, DECAY)
    assert found['backbone.norm.weight'] == (LR, DECAY)

    arch = dict(embed_dims=8, num_layers=3, num_heads=2, feedforward_channels=8)
    model = Classifier(VisionTransformer(arch=arch, img_size=32))
    found = settings(build(model, {'layer_decay_rate': 0.5}), model)
    assert found['backbone.layers.0.attn.qkv.weight'] == (LR / 2**3, DECAY)
    assert found['head.1.weight'] == (LR, DECAY)


def test_mask_rcnn_learns_slower_towards_the_pixels():
    pytest.importorskip('mmdet')
    from mmdet.registry import MODELS

    config = Config.fromfile(CONFIGS / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py')
    init_default_scope(config.default_scope)
    config.model.backbone.init_cfg = None
    model = MODELS.build(config.model)
    config.optim_wrapper.constructor = 'LayerwiseOptimWrapperConstructor'
    config.optim_wrapper.paramwise_cfg = dict(layer_decay_rate=0.9, norm_decay_mult=0.0)
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    found = settings(optimizer, model)
    assert found['backbone.patch_embed1.proj.weight'] == (pytest.approx(1e-4 * 0.9**19), 0.05)
    assert found['backbone.blocks1.0.norm1.weight'] == (pytest.approx(1e-4 * 0.9**18), 0)
    assert found['backbone.blocks4.2.pos_embed.weight'] == (pytest.approx(1e-4 * 0.9), 0.05)
    assert found['backbone.norm1.weight'] == (1e-4, 0)
    assert found['roi_head.mask_head.conv_logits.weight'] == (1e-4, 0.05)
    assert set(found) == {name for name, p in model.named_parameters() if p.requires_grad}
    assert len(optimizer.param_groups) == 20 * 2
