"""Every config of configs/video with UniFormerV2: it builds, trains, predicts; its name is true."""

import functools
import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from reference import Case
from video_v2 import (
    CLASSES,
    DEPTHS,
    FOLDERS,
    KINETICS,
    PUBLISHED,
    V2,
    build_without_contents,
    parse,
    read,
    recipe,
    side_of,
)

from configs import CONFIGS, check_step, stem

pytest.importorskip('mmaction')
# Of the frozen forms, by the data set.
TRAINED_PARAMETERS = {'k400': 50_920_848, 'k600': 51_125_848, 'k700': 51_228_348}
TRAINED_PARAMETERS['k710'] = 51_238_598


def train_data(config: Config) -> Config:
    data = config.train_dataloader.dataset
    return data.dataset if data.type == 'RepeatDataset' else data


def steps_of(pipeline: list, type_: str) -> list:
    return [step for step in pipeline if step.type == type_]


def test_there_is_a_config_for_every_released_model():
    assert sorted(path.stem for path in V2) == sorted(f'uniformerv2_{name}' for name in PUBLISHED)
    assert len(V2) == 49


@pytest.mark.parametrize('path', V2, ids=stem)
def test_the_name_of_a_config_tells_the_truth(path):
    name, config = parse(path), read(path)
    backbone, head = config.model.backbone, config.model.cls_head
    assert (config.model.type, backbone.type, backbone.arch) == (
        'Recognizer3D', 'UniFormerV2', name['arch'],
    )  # fmt: skip
    assert (head.num_classes, head.in_channels) == (
        CLASSES[name['data']],
        768 if name['arch'] == 'b16' else 1024,
    )
    frozen = bool(name['frozen'])
    assert backbone.get('frozen_stages', -1) == (DEPTHS[name['arch']] if frozen else -1)
    assert backbone.get('fusion', 'balance') == ('global' if frozen else 'balance')
    for dataset in (
        train_data(config),
        *(config[f'{s}_dataloader'].dataset for s in ('val', 'test')),
    ):
        assert dataset.ann_file.startswith(f'data/{FOLDERS[name["data"]]}/')
        (sample,) = steps_of(dataset.pipeline, 'UniformSample')
        assert sample.clip_len == int(name['frames'])
    assert 'train' in train_data(config).ann_file
    assert config.test_dataloader.dataset.pipeline == config.test_pipeline


@pytest.mark.parametrize('path', V2, ids=stem)
def test_a_model_starts_from_what_its_name_says(path):
    name, config = parse(path), read(path)
    header = path.read_text().split('"""')[1]
    weights = (config.model.backbone.get('init_cfg') or {}).get('checkpoint')
    if not name['pre']:
        vit = dict(b16='base-p16-res224', l14='large-p14-res224', l14_336='large-p14-res336')
        assert f'/clipVisualEncoder/vit-{vit[name["arch"]]}_clip-rgb_' in weights
        assert config.load_from is None
    elif name['data'] in KINETICS:
        frozen = name['frozen'] or ''
        source = f'uniformerv2_{name["arch"]}_8_k710{frozen}_to_{name["data"]}.pth'
        assert weights is None and config.load_from == f'checkpoints/{source}'
        command = f'mmuniformer permute-head --from k710 --to {name["data"]} \\\n'
        assert f'{command}        --out checkpoints/{source}' in header
    else:
        assert 'kinetics710-pre' in weights and 'kinetics400-rgb' in weights
        assert ('res336' in weights) == (name['arch'] == 'l14_336')
        frames = 32 if name['arch'] == 'l14_336' else int(name['frames'])
        assert f'u{frames}_' in weights and config.load_from is None


@pytest.mark.parametrize('path', V2, ids=stem)
def test_a_leaf_is_short_and_its_header_tells_metric_and_command(path):
    _, header, body = path.read_text().split('"""')
    assert f'mim train mmaction2 configs/video/{path.name}' in header
    assert ('Table' in header and 'Expected' in header) != ('No published number' in header)
    assert len([line for line in body.splitlines() if line.strip()]) <= 15
    _, _, videos, gpus, *_ = recipe(path)
    assert f'Batch {videos} on {gpus} GPUs.' in ' '.join(header.split())


@pytest.mark.parametrize('path', V2, ids=stem)
def test_a_model_trains_as_published(path):
    name, config = parse(path), read(path)
    epochs, warmup, videos, gpus, rate, *_, recomputed, _ = recipe(path)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', rate, 0.05)
    assert optimizer.betas == (0.9, 0.999)
    assert config.optim_wrapper.clip_grad.max_norm == 20
    assert config.optim_wrapper.paramwise_cfg == {'flat_decay_mult': 0.0}
    *rise, cosine = config.param_scheduler
    assert [(step.begin, step.end) for step in rise] == ([(0, warmup)] if warmup else [])
    assert all(step.start_factor * rate == pytest.approx(1e-6) for step in rise)
    assert (cosine.begin, cosine.end, cosine.T_max) == (warmup, epochs, epochs - warmup)
    assert cosine.eta_min_ratio * rate == pytest.approx(1e-6) and cosine.convert_to_iter_based
    assert config.train_cfg.max_epochs == epochs
    repeats = 2 if name['data'].startswith('ssv') else 1
    data = config.train_dataloader.dataset
    assert data.get('num_repeats', data.get('times', 1)) == repeats
    # mmaction2 cannot draw the same frames twice in a step, so images count twice instead.
    counted = repeats if data.type == 'RepeatDataset' else 1
    assert config.auto_scale_lr.base_batch_size == counted * videos
    assert config.train_dataloader.batch_size * gpus == counted * videos
    with_cp = config.model.backbone.get('with_cp', 0)
    assert (DEPTHS[name['arch']] if with_cp is True else with_cp) == recomputed


@pytest.mark.parametrize('path', V2, ids=stem)
def test_dropout_depth_and_augmentation_are_as_published(path):
    name, config = parse(path), read(path)
    backbone, head = config.model.backbone, config.model.cls_head
    is_ssv, deep = name['data'].startswith('ssv'), name['data'] in ('ssv1', 'ssv2', 'anet', 'hacs')
    rates = [backbone.get(f'{part}drop_path_rate', 0) for part in ('', 'global_')]
    assert rates == ([0.2, 0.4] if deep else [0, 0])
    assert (backbone.global_drop_rate, head.dropout_ratio) == (0.5, 0.5)
    assert (backbone.get('local_mhra', 0), backbone.get('temporal_downsample', False)) == (
        (2, True) if is_ssv else (0, False)
    )
    depth = DEPTHS[name['arch']]
    assert backbone.get('global_layers') == (list(range(depth // 3, depth)) if is_ssv else None)
    assert 'label_smooth_eps' not in head and 'blending' not in config.model.data_preprocessor
    assert config.model.data_preprocessor.get('to_rgb', False) == is_ssv  # blue first
    assert config.model.data_preprocessor.mean == [0.45 * 255] * 3
    pipeline = train_data(config).pipeline
    operations = steps_of(pipeline, 'RandomApply')
    assert [step.prob for step in operations] == [0.5] * 4
    assert {step.transforms[0].magnitude for step in operations} == {7}
    assert steps_of(pipeline, 'RandomErasing') == []
    assert len(steps_of(pipeline, 'Flip')) == (not is_ssv)
    assert steps_of(pipeline, 'Resize')[0].scale == (side_of(path),) * 2


@pytest.mark.parametrize('path', V2, ids=stem)
def test_a_model_is_tested_on_the_published_views(path):
    config, side = read(path), side_of(path)
    *_, crops, clips, _, _ = recipe(path)
    (sample,) = steps_of(config.test_pipeline, 'UniformSample')
    assert sample.get('num_clips', 1) == clips and sample.test_mode
    (crop,) = steps_of(config.test_pipeline, 'ThreeCrop' if crops == 3 else 'CenterCrop')
    assert crop.crop_size == side
    assert steps_of(config.test_pipeline, 'Resize')[0].scale == (-1, side)
    assert config.model.cls_head.average_clips == 'prob'


@pytest.mark.parametrize('path', V2, ids=stem)
def test_the_number_of_parameters_is_exact(path):
    name = parse(path)
    model = build_without_contents(read(path))
    *_, parameters = recipe(path)
    assert sum(p.numel() for p in model.parameters()) == parameters
    assert f'{parameters / 1e6:.1f} M parameters' in path.read_text()
    if name['frozen']:
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        assert trained == TRAINED_PARAMETERS[name['data']]


def test_the_published_files_of_mmaction2_have_every_tensor_of_a_model():
    config = read(CONFIGS / 'video' / 'uniformerv2_b16_8_k400.py')
    state = build_without_contents(config).state_dict()
    manifest = Case('mmaction2_uniformerv2_b16').manifest
    assert {key: list(value.shape) for key, value in state.items()} == manifest


def small(path) -> str:
    """The model of a config with four narrow layers, as text."""
    model = read(path).model.to_dict()
    backbone = model['backbone']
    backbone.update(init_cfg=None, drop_path_rate=0.0, global_drop_path_rate=0.0)
    backbone['arch'] = dict(
        depth=4, dim=48, head_dim=16, image_size=64, patch_size=16, global_head_dim=16
    )
    if 'global_layers' in backbone:
        backbone['global_layers'] = [1, 2, 3]
    if 'frozen_stages' in backbone:
        backbone['frozen_stages'] = 4
    if not isinstance(with_cp := backbone.get('with_cp', False), bool):
        backbone['with_cp'] = min(with_cp, 3)
    model['cls_head'].update(in_channels=48)
    return json.dumps(model, sort_keys=True)


def inputs_for(model: torch.nn.Module, views: int, training: bool) -> dict:
    from mmaction.structures import ActionDataSample

    rng = np.random.RandomState(0)
    clips = [rng.randint(0, 256, (views, 3, 4, 64, 64)).astype(np.uint8) for _ in range(2)]
    samples = [ActionDataSample().set_gt_label(label) for label in (1, 3)]
    data = dict(inputs=[torch.from_numpy(clip) for clip in clips], data_samples=samples)
    return model.data_preprocessor(data, training)


@functools.cache
def check_model(text: str) -> None:
    """Train one step and predict, with weights drawn anew and two views; once for equal models."""
    torch.manual_seed(0)
    init_default_scope('mmaction')
    model = MODELS.build(json.loads(text))
    model.init_weights()
    check_step(model.train(), inputs_for(model, 1, training=True))
    frozen = model.backbone.frozen_stages > 0
    for name, parameter in model.backbone.named_parameters():
        in_vit = not name.startswith('transformer.') or name.startswith('transformer.resblocks.')
        assert parameter.requires_grad is not (frozen and in_vit), name
    model.eval()
    data = inputs_for(model, 2, training=False)
    with torch.no_grad():
        samples = model(**data, mode='predict')
        logits = [model.cls_head(model.backbone(view)) for view in data['inputs'].unbind(1)]
    for index, sample in enumerate(samples):
        mean = sum(view[index].softmax(0) for view in logits) / 2
        assert torch.allclose(sample.pred_score, mean, atol=1e-6)


@pytest.mark.parametrize('path', V2, ids=stem)
def test_a_model_learns_with_every_part_and_averages_the_scores_of_its_views(path):
    check_model(small(path))


def test_weight_decay_spares_whatever_has_one_dimension_and_nothing_else():
    from mmengine.optim import build_optim_wrapper

    path = CONFIGS / 'video' / 'uniformerv2_b16_16_ssv2.py'
    init_default_scope('mmaction')
    model = MODELS.build(json.loads(small(path)))
    optimizer = build_optim_wrapper(model, read(path).optim_wrapper).optimizer
    decay = {
        id(parameter): group['weight_decay']
        for group in optimizer.param_groups
        for parameter in group['params']
    }
    for name, parameter in model.named_parameters():
        assert decay[id(parameter)] == (0.0 if parameter.ndim == 1 else 0.05), name
    assert decay[id(model.backbone.positional_embedding)] == 0.05
    assert decay[id(model.backbone.class_embedding)] == 0.0
