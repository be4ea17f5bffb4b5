"""Every config of configs/video with UniFormer: it builds, trains, predicts; its name is true."""

import functools
import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from configs import ARCHS, CONFIGS, build, check_step, configs_of, stem
from configs import load as load_anew

pytest.importorskip('mmaction')

VIDEO = [path for path in configs_of('video') if re.match('(mini_)?uniformer_', path.stem)]
FULL = [path for path in VIDEO if not path.stem.startswith('mini_')]
TRAINED = [path for path in FULL if '_test_' not in path.stem]
NAME = re.compile(
    r'(?P<mini>mini_)?uniformer_(?P<size>s|b|xxs|xs)(_abl_(?P<ablation>[a-z0-9]+))?_(?P<frames>\d+)'
    r'(x(?P<stride>\d+)|_(?P<side>128|160|192))?_(?P<data>k400|k600|ssv1|ssv2|ucf101|hmdb51|motion)'
    r'(_(?P<pre>in1k|k400|k600)(_(?P<dense>\d+x\d+))?_pre)?(_(?P<epochs>50)e)?'
    r'(_test_(?P<crops>\d)x(?P<clips>\d))?'
)
CLASSES = {'k400': 400, 'k600': 600, 'ssv1': 174, 'ssv2': 174, 'ucf101': 101, 'hmdb51': 51}
FOLDERS = {
    'k400': 'kinetics400', 'k600': 'kinetics600', 'ssv1': 'sthv1', 'ssv2': 'sthv2',
    'ucf101': 'ucf101', 'hmdb51': 'hmdb51', 'motion': 'mini/kinetics',
}  # fmt: skip
# Crops and clips of the published tests.
VIEWS = {'k400': (1, 4), 'k600': (1, 4), 'ssv1': (3, 1), 'ssv2': (3, 1)}
VIEWS |= dict.fromkeys(('ucf101', 'hmdb51'), (3, 5))
ONE_CROP = re.compile(r's_(abl_(llll|divided)_16_ssv1_\w+|16_ssv1_in1k)_pre')  # of Table 11
LIGHT = ('xxs', 'xs')
# Drop path, epochs, epochs of warm-up, videos a step, learning rate, weight decay.
PUBLISHED = {
    's_8x8_k400': (0.1, 100, 10, 128, 4e-4, 0.05),
    's_16x4_k400': (0.1, 110, 10, 32, 1e-4, 0.05),
    's_16x8_k400': (0.1, 110, 10, 32, 1e-4, 0.05),
    's_32x4_k400': (0.1, 110, 10, 32, 1e-4, 0.05),
    'b_8x8_k400': (0.3, 100, 10, 64, 2e-4, 0.05),
    'b_16x4_k400': (0.3, 110, 10, 40, 1.25e-4, 0.05),
    'b_16x8_k400': (0.3, 110, 10, 40, 1.25e-4, 0.05),
    'b_32x4_k400': (0.3, 110, 10, 32, 1e-4, 0.05),
    's_16x4_k600': (0.1, 110, 10, 96, 3e-4, 0.05),
    's_16x8_k600': (0.1, 110, 10, 32, 1e-4, 0.05),
    'b_16x4_k600': (0.3, 110, 10, 40, 1.25e-4, 0.05),
    'b_16x8_k600': (0.3, 110, 10, 32, 1.25e-4, 0.05),
    'b_32x4_k600': (0.3, 110, 10, 128, 4e-4, 0.05),
    's_16_ssv1_k400_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_16_ssv1_k600_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_32_ssv1_k400_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_32_ssv1_k600_pre': (0.3, 60, 5, 32, 2e-4, 0.05),
    'b_16_ssv1_k400_pre': (0.6, 60, 5, 40, 2.5e-4, 0.05),
    'b_16_ssv1_k600_pre': (0.5, 60, 5, 40, 2.5e-4, 0.05),
    'b_32_ssv1_k400_pre': (0.6, 60, 5, 32, 2e-4, 0.05),
    'b_32_ssv1_k600_pre': (0.6, 60, 5, 32, 2e-4, 0.05),
    's_16_ssv2_k400_pre': (0.3, 50, 5, 32, 2e-4, 0.05),
    's_16_ssv2_k600_pre': (0.3, 50, 5, 32, 2e-4, 0.05),
    's_32_ssv2_k400_pre': (0.3, 50, 5, 32, 2e-4, 0.05),
    's_32_ssv2_k600_pre': (0.3, 50, 5, 32, 2e-4, 0.05),
    'b_16_ssv2_k400_pre': (0.4, 50, 5, 40, 2.5e-4, 0.05),
    'b_16_ssv2_k600_pre': (0.5, 50, 5, 40, 2.5e-4, 0.05),
    'b_32_ssv2_k400_pre': (0.5, 50, 5, 32, 2e-4, 0.05),
    'b_32_ssv2_k600_pre': (0.5, 50, 5, 32, 2e-4, 0.05),
    's_32x2_k400': (0.1, 110, 10, 32, 1e-4, 0.05),
    's_16_ssv1_k400_16x8_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    'b_16_ssv1_k400_16x8_pre': (0.6, 60, 5, 40, 2.5e-4, 0.05),
    's_32_ssv1_k400_32x2_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_32_ssv1_k400_32x4_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_16_ssv1_in1k_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_8_ssv1_in1k_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_8_ssv1_k400_pre': (0.2, 60, 5, 32, 2e-4, 0.05),
    's_16x4_k400_50e': (0.1, 50, 10, 32, 1e-4, 0.05),
    's_16x4_ucf101': (0.2, 25, 5, 128, 5e-5, 0.05),
    's_16x4_hmdb51': (0.2, 25, 5, 128, 5e-5, 0.05),
    'xxs_4_128_k400': (0.05, 110, 10, 256, 4e-4, 0.1),
    'xxs_4_160_k400': (0.05, 110, 10, 256, 4e-4, 0.1),
    'xxs_8_128_k400': (0.05, 110, 10, 256, 4e-4, 0.1),
    'xxs_8_160_k400': (0.05, 110, 10, 256, 4e-4, 0.1),
    'xxs_16_128_k400': (0.05, 110, 10, 256, 8e-4, 0.1),
    'xxs_16_160_k400': (0.05, 110, 10, 256, 8e-4, 0.1),
    'xxs_32_160_k400': (0.05, 110, 10, 256, 8e-4, 0.1),
    'xs_32_192_k400': (0.1, 110, 10, 128, 4e-4, 0.05),
}
# Magnitude and number of operations of RandAugment, where they are not 7 and 4.
AUGMENTED = {
    **dict.fromkeys(('s_16x4_ucf101', 's_16x4_hmdb51'), (5, 2)),
    **dict.fromkeys(('xxs_8_160_k400', 'xxs_16_128_k400', 'xxs_16_160_k400'), (5, 2)),
    'xxs_32_160_k400': (5, 2),
    **dict.fromkeys(('xxs_4_128_k400', 'xxs_4_160_k400', 'xxs_8_128_k400'), (10, 2)),
}
# What an ablation changes in the backbone; 2D filters and those of Table 11 keep the depths.
LLLL = {'stage_types': ['local'] * 4}
ABLATIONS = {
    '2d': {'arch': {'inflated': []}},
    'divided': {'attention': 'divided'},
    'llll': {'arch': LLLL},
    'llll 50': {'arch': {**LLLL, 'depths': (3, 5, 10, 4)}},
    'lllg 50': {'arch': {'stage_types': [*['local'] * 3, 'global'], 'depths': (3, 5, 10, 3)}},
    'lggg 50': {
        'arch': {
            'stage_types': ['local', *['global'] * 3], 'depths': (2, 4, 8, 3),
            'kv_strides': (1, 2, 2, 1),
        }
    },
    'gggg 50': {
        'arch': {
            'stage_types': ['global'] * 4, 'depths': (5, 5, 9, 2), 'kv_strides': (4, 2, 2, 1),
        }
    },
    'mobilenet 50': {'arch': {'local_ffn': False}},
    'nodpe 50': {'arch': {'dpe': False}},
    'k3 50': {'arch': {'local_kernel': 3}},
    'k7 50': {'arch': {'local_kernel': 7}},
    'k9 50': {'arch': {'local_kernel': 9}},
}  # fmt: skip
# Where ablations start, unless from the small classifier.
STARTS = {
    's_abl_llll_16x4_k400': 's_abl_llll_3483_in1k',
    's_abl_llll_16_ssv1_in1k_pre': 's_abl_llll_3483_in1k',
    's_abl_llll_16_ssv1_k400_pre': 's_abl_llll_16x4_k400',
    's_abl_divided_16_ssv1_k400_pre': 's_abl_divided_16x4_k400',
    's_abl_2d_8_ssv1_k400_pre': 's_abl_2d_8x8_k400',
    's_8_ssv1_k400_pre': 'small_k400_8x8',
    's_16_ssv1_k400_16x8_pre': 'small_k400_16x8',
    'b_16_ssv1_k400_16x8_pre': 'base_k400_16x8',
    's_32_ssv1_k400_32x2_pre': 's_32x2_k400',
    's_32_ssv1_k400_32x4_pre': 's_32x4_k400',
    **{
        f's_abl_{row}_16x4_k400_50e': f's_abl_{row}_in1k'
        for row in ('mobilenet', 'nodpe', 'k3', 'k7', 'k9', 'llll', 'lllg', 'lggg', 'gggg')
    },
}


@functools.cache
def load(path) -> Config:
    """Read a config once for all the tests that only look at it."""
    return load_anew(path)


def model_name(path) -> str:
    return path.stem.removeprefix('uniformer_')


def parse(path) -> re.Match:
    name = NAME.fullmatch(path.stem)
    assert name, f'{path.stem} is none of uniformer_SIZE_FRAMESxSTRIDE_DATA, _FRAMES_DATA_PRE_pre'
    return name


def inputs_for(model: torch.nn.Module, views: int, training: bool, side: int = 64) -> dict:
    from mmaction.structures import ActionDataSample

    rng = np.random.RandomState(0)
    clips = [rng.randint(0, 256, (views, 3, 4, side, side)).astype(np.uint8) for _ in range(2)]
    samples = [ActionDataSample().set_gt_label(label) for label in (1, 3)]
    data = dict(inputs=[torch.from_numpy(clip) for clip in clips], data_samples=samples)
    return model.data_preprocessor(data, training)


def steps_of(pipeline: list, type_: str) -> list:
    return [step for step in pipeline if step.type == type_]


def train_data(config: Config) -> Config:
    data = config.train_dataloader.dataset
    return data.dataset if data.type == 'RepeatDataset' else data


@functools.cache
def check_model(text: str) -> None:
    """Train one step and predict, with weights drawn anew and two views; once for equal models."""
    torch.manual_seed(0)
    init_default_scope('mmaction')
    model = MODELS.build(json.loads(text))
    model.init_weights()
    check_step(model.train(), inputs_for(model, 1, training=True))
    model.eval()
    data = inputs_for(model, 2, training=False)
    with torch.no_grad():
        samples = model(**data, mode='predict')
        logits = [model.cls_head(model.backbone(view)) for view in data['inputs'].unbind(1)]
    for index, sample in enumerate(samples):
        mean = (logits[0][index] + logits[1][index]) / 2
        assert torch.allclose(sample.pred_score, mean, atol=1e-5)
        assert sample.pred_label.item() == mean.argmax()


@pytest.mark.parametrize('path', VIDEO, ids=stem)
def test_a_model_learns_with_every_part_and_averages_the_logits_of_its_views(path):
    model = load(path).model.to_dict()
    model['backbone'].update(init_cfg=None, drop_path_rate=0.0)
    check_model(json.dumps(model, sort_keys=True))


@pytest.mark.parametrize('path', VIDEO, ids=stem)
def test_the_name_of_a_config_tells_the_truth(path):
    name = parse(path)
    config = load(path)
    data = train_data(config)
    assert f'data/{FOLDERS[name["data"]]}/' in data.ann_file
    backbone, pipeline = config.model.backbone, config.test_pipeline
    assert config.test_dataloader.dataset.pipeline == pipeline
    assert backbone.type == ('UniFormerLight3D' if name['size'] in LIGHT else 'UniFormer3D')
    type_ = 'SampleFrames' if name['stride'] or name['mini'] else 'UniformSample'
    for steps in (data.pipeline, config.val_dataloader.dataset.pipeline, pipeline):
        (sample,) = steps_of(steps, type_)
        assert sample.clip_len == int(name['frames'])
        if name['stride']:
            assert sample.frame_interval == int(name['stride'])
    if name['mini']:
        return
    (resize,), side = steps_of(data.pipeline, 'Resize'), int(name['side'] or 224)
    assert resize.scale == (side, side)
    assert config.model.cls_head.num_classes == CLASSES[name['data']]
    for augment in config.model.data_preprocessor.blending.augments:
        assert augment.num_classes == CLASSES[name['data']]


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_the_backbone_is_of_the_size_and_form_in_the_name(path):
    name, backbone = parse(path), load(path).model.backbone
    archs = {**ARCHS, 'xxs': 'xxs', 'xs': 'xs'}
    wanted = {'arch': archs[name['size']], 'attention': 'joint'}
    if name['ablation']:
        epochs = f' {name["epochs"]}' if name['epochs'] else ''
        wanted |= ABLATIONS[name['ablation'] + epochs]
    if isinstance(backbone.arch, str):
        assert backbone.arch.removesuffix('_ls') == wanted['arch']
    else:
        assert dict(backbone.arch) == wanted['arch']
    assert backbone.get('attention', 'joint') == wanted['attention']


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_training_starts_from_the_weights_in_the_name(path):
    name, weights = parse(path), load(path).model.backbone.init_cfg.checkpoint
    size = {**ARCHS, 'xxs': 'xxs', 'xs': 'xs'}[name['size']]
    if start := STARTS.get(model_name(path).partition('_test_')[0]):
        assert weights == f'checkpoints/uniformer_{start}.pth'
    elif name['pre'] == 'k600':
        assert weights == f'checkpoints/uniformer_{size}_k600_16x4.pth'
    elif name['pre'] == 'k400' or name['data'] in ('ucf101', 'hmdb51'):
        assert f'uniformer-{size}_imagenet1k-pre_16x4x1_kinetics400' in weights
    else:
        side = f'_{name["side"]}' if name['size'] in LIGHT else ''
        assert weights.endswith(f'/uniformer_{size}{side}_in1k.pth')


@pytest.mark.parametrize('path', TRAINED, ids=stem)
def test_a_model_trains_as_published(path):
    config = load(path)
    # An ablation is trained as the model that it is compared with.
    compared = re.sub('_abl_[a-z0-9]+', '', model_name(path))
    drop_path, epochs, warmup, videos, rate, decay = PUBLISHED[compared]
    assert config.model.backbone.drop_path_rate == drop_path
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', rate, decay)
    assert optimizer.betas == (0.9, 0.999)
    assert config.optim_wrapper.clip_grad.max_norm == 20
    rise, cosine = config.param_scheduler
    assert rise.start_factor * rate == pytest.approx(1e-6)
    assert (rise.begin, rise.end, cosine.begin, cosine.end) == (0, warmup, warmup, epochs)
    assert (cosine.T_max, cosine.eta_min) == (epochs - warmup, 1e-6)
    assert rise.convert_to_iter_based and cosine.convert_to_iter_based
    assert config.train_cfg.max_epochs == epochs
    # Clips a step: two of every video.
    data = config.train_dataloader.dataset
    repeats = dict(LenientRepeatAugDataset=2, RepeatDataset=1)[data.type]
    assert repeats * config.auto_scale_lr.base_batch_size == 2 * videos
    assert data.get('num_repeats', data.get('times')) == 2


@pytest.mark.parametrize('path', TRAINED, ids=stem)
def test_clips_are_augmented_as_published(path):
    data, name = parse(path)['data'], model_name(path)
    config = load(path)
    pipeline = train_data(config).pipeline
    magnitude, count = AUGMENTED.get(name, (7, 4))
    operations = steps_of(pipeline, 'RandomApply')
    assert [step.prob for step in operations] == [0.5] * count
    assert {step.transforms[0].magnitude for step in operations} == {magnitude}
    (erasing,) = steps_of(pipeline, 'RandomErasing')
    assert (erasing.erase_prob, erasing.mode) == (0.25, 'rand')
    assert len(steps_of(pipeline, 'Flip')) == (0 if data.startswith('ssv') else 1)
    mixup, cutmix = config.model.data_preprocessor.blending.augments
    assert (mixup.type, mixup.alpha) == ('MixupBlending', 0.8)
    assert (cutmix.type, cutmix.alpha) == ('CutmixBlending', 1.0)
    assert config.model.cls_head.label_smooth_eps == 0.1
    assert config.model.cls_head.dropout_ratio == 0


def views_of(path) -> tuple[int, int]:
    """Crops and clips."""
    name = parse(path)
    if name['crops']:
        return int(name['crops']), int(name['clips'])
    if name['size'] in LIGHT or ONE_CROP.fullmatch(model_name(path)):
        return 1, 1
    return VIEWS[name['data']]


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_a_model_is_tested_on_the_views_published_or_in_its_name(path):
    name, config = parse(path), load(path)
    crops, clips = views_of(path)
    pipeline = config.test_pipeline
    sampler = next(step for step in pipeline if step.type in ('SampleFrames', 'UniformSample'))
    assert sampler.get('num_clips', 1) == clips
    assert len(steps_of(pipeline, 'ThreeCrop')) == (crops == 3)
    side = int(name['side'] or 224)
    (crop,) = steps_of(pipeline, 'ThreeCrop' if crops == 3 else 'CenterCrop')
    assert crop.crop_size == side
    assert steps_of(pipeline, 'Resize')[0].scale == (-1, side)


@pytest.mark.parametrize('path', sorted(set(FULL) - set(TRAINED)), ids=stem)
def test_a_config_for_testing_differs_in_the_views_alone(path):
    config = load(path).to_dict()
    trained = load(path.with_name(path.name.partition('_test_')[0] + '.py')).to_dict()
    assert config.pop('test_pipeline') != trained.pop('test_pipeline')
    for part in (config, trained):
        part['test_dataloader']['dataset'].pop('pipeline')
    assert config == trained


def test_weight_decay_spares_whatever_has_one_dimension():
    from mmengine.optim import build_optim_wrapper

    config = load_anew(CONFIGS / 'video' / 'mini_uniformer_xxs_16_motion.py')
    model = build(config)
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    for group in optimizer.param_groups:
        for parameter in group['params']:
            assert group['weight_decay'] == (0.0 if parameter.ndim == 1 else 0.05)
