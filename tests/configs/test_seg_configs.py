"""Every config of configs/seg with UniFormer: it builds, trains, predicts; its name is true."""

import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData

from configs import CONFIGS, build, check_pattern, check_size, check_step, configs_of, load, stem

pytest.importorskip('mmseg')

SEG = [path for path in configs_of('seg') if 'uniformer_' in path.stem]
NAME = re.compile(
    r'(?P<mini>mini_(?P<tuned>finetune_)?)?(?P<method>fpn|upernet)'
    r'_uniformer_((?P<size>s|b)_(?P<pattern>[ghw]\d*)|(?P<light>xxs|xs))'
    r'(_(?P<schedule>80k|160k))?(_test_(?P<test>[wh]\d+))?(?P<frozen>_frozenbn)?'
)
HEADS = {'fpn': 'FPNHead', 'upernet': 'UPerHead'}
ITERATIONS = {'80k': 80000, '160k': 160000}
# drop path, blocks of stage 3 that are recomputed
PUBLISHED = {
    ('fpn', 's'): (0.1, 0),
    ('fpn', 'b'): (0.2, 0),
    ('fpn', 'xxs'): (0.0, 0),
    ('fpn', 'xs'): (0.1, 0),
    ('upernet', 's'): (0.25, 0),
    ('upernet', 'b'): (0.4, 2),
}


def small(config: Config, side: int = 128, **backbone) -> torch.nn.Module:
    config.model.data_preprocessor.size = (side, side)
    return build(config, **backbone)


def inputs_for(model: torch.nn.Module, count: int = 2, side: int = 128) -> dict:
    from mmseg.structures import SegDataSample

    rng = np.random.RandomState(0)
    samples = []
    for _ in range(count):
        labels = rng.randint(0, model.decode_head.num_classes, (1, side, side))
        shapes = dict(img_shape=(side, side), ori_shape=(side // 2, side), pad_shape=(side, side))
        sample = SegDataSample(metainfo=shapes)
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(labels))
        samples.append(sample)
    images = [
        torch.from_numpy(rng.randint(0, 256, (3, side, side)).astype(np.uint8))
        for _ in range(count)
    ]
    return model.data_preprocessor(dict(inputs=images, data_samples=samples), True)


@pytest.mark.parametrize('path', SEG, ids=stem)
def test_every_part_of_a_model_gets_a_finite_gradient(path):
    torch.manual_seed(0)
    model = small(load(path), drop_path_rate=0.0).train()
    check_step(model, inputs_for(model))


@pytest.mark.parametrize('path', SEG, ids=stem)
def test_a_model_labels_every_pixel_of_the_file_with_its_best_class(path):
    torch.manual_seed(0)
    model = small(load(path)).eval()
    with torch.no_grad():
        samples = model(**inputs_for(model, count=1), mode='predict')
    for sample in samples:
        logits, labels = sample.seg_logits.data, sample.pred_sem_seg.data
        assert logits.shape == (model.decode_head.num_classes, 64, 128)
        assert torch.equal(labels[0], logits.argmax(0))


@pytest.mark.parametrize('path', SEG, ids=stem)
def test_the_name_of_a_config_tells_the_truth(path):
    name = NAME.fullmatch(path.stem)
    assert name, f'{path.stem} does not follow METHOD_uniformer_SIZE_PATTERN_SCHEDULE'
    config = load(path)
    size = name['size'] or name['light']
    check_size(config, size, bool(name['mini']))
    if name['light']:
        assert config.model.backbone.type == 'UniFormerLight'
    else:
        check_pattern(config.model.backbone, name['test'] or name['pattern'])
    assert config.model.decode_head.type == HEADS[name['method']]
    assert bool(name['schedule']) != bool(name['mini'])
    if name['mini']:
        folder = 'coco_keypoints' if name['tuned'] else 'ade20k'
        assert config.train_dataloader.dataset.data_root == f'data/mini/{folder}/'
        return
    assert config.train_cfg.max_iters == ITERATIONS[name['schedule']]
    assert config.param_scheduler[-1].end == ITERATIONS[name['schedule']]
    assert config.train_dataloader.dataset.data_root == 'data/ade/ADEChallengeData2016'
    drop_path, recomputed = PUBLISHED[name['method'], size]
    assert config.model.backbone.get('drop_path_rate', 0.0) == drop_path
    assert tuple(config.model.backbone.get('with_cp', (0, 0, 0, 0))) == (0, 0, recomputed, 0)


@pytest.mark.parametrize('method', ['fpn_uniformer_s_g_80k', 'upernet_uniformer_s_g_160k'])
def test_one_state_dict_serves_global_window_and_hybrid_attention(method):
    torch.manual_seed(0)
    names = [method, f'{method}_test_w32', f'{method}_test_h32']
    nets = [build(load(CONFIGS / 'seg' / f'{name}.py')).eval() for name in names]
    for net in nets[1:]:
        net.load_state_dict(nets[0].state_dict())
    features = [net.backbone for net in nets]
    # 512 pixels are 32 tokens in stage 3: one window holds them all.
    square, wide = torch.randn(1, 3, 512, 512), torch.randn(1, 3, 64, 1024)
    with torch.no_grad():
        whole, window, hybrid = ([f.double() for f in net(square)] for net in features)
        for index in range(4):
            assert (window[index] - whole[index]).abs().max() < 2e-4 * whole[index].std()
            assert (hybrid[index] - whole[index]).abs().max() < 2e-4 * whole[index].std()
        whole, window, hybrid = (net(wide)[2] for net in features)
    assert (window - whole).abs().max() > 1e-2 * whole.std()
    assert (hybrid - whole).abs().max() > 1e-2 * whole.std()
    assert (hybrid - window).abs().max() > 1e-2 * whole.std()


def test_semantic_fpn_trains_as_published():
    config = load(CONFIGS / 'seg' / 'fpn_uniformer_s_g_80k.py')
    warmup, cosine = config.param_scheduler
    assert (warmup.type, warmup.start_factor, warmup.end) == ('LinearLR', 0.1, 1000)
    assert (cosine.type, cosine.begin, cosine.T_max) == ('CosineAnnealingLR', 0, 80000)
    assert cosine.eta_min_ratio == 1e-8
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', 2e-4, 1e-4)
    assert 'paramwise_cfg' not in config.optim_wrapper
    assert config.optim_wrapper.clip_grad is None
    assert config.train_dataloader.batch_size == 4
    assert config.model.neck.out_channels == 256
    assert config.model.decode_head.channels == 128
    assert 'auxiliary_head' not in config.model


def test_upernet_trains_as_published_with_an_auxiliary_head_on_stage_3():
    config = load(CONFIGS / 'seg' / 'upernet_uniformer_s_g_160k.py')
    warmup, poly = config.param_scheduler
    assert (warmup.type, warmup.start_factor, warmup.end) == ('LinearLR', 1e-6, 1500)
    assert (poly.type, poly.power, poly.eta_min, poly.begin) == ('PolyLR', 1.0, 0.0, 0)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', 6e-5, 0.01)
    assert config.optim_wrapper.paramwise_cfg.custom_keys.norm.decay_mult == 0
    assert config.train_dataloader.batch_size == 2
    auxiliary = config.model.auxiliary_head
    assert (auxiliary.in_index, auxiliary.in_channels, auxiliary.channels) == (2, 320, 256)
    assert auxiliary.loss_decode.loss_weight == 0.4


@pytest.fixture
def image(tmp_path):
    import cv2

    rng = np.random.RandomState(0)
    cv2.imwrite(str(tmp_path / 'a.jpg'), rng.randint(0, 256, (400, 611, 3)).astype(np.uint8))
    cv2.imwrite(str(tmp_path / 'a.png'), rng.randint(0, 151, (400, 611)).astype(np.uint8))
    return dict(
        img_path=str(tmp_path / 'a.jpg'), seg_map_path=str(tmp_path / 'a.png'),
        reduce_zero_label=True, seg_fields=[], label_map=None,
    )  # fmt: skip


def shapes_of(pipeline: list, image: dict) -> list[tuple]:
    from mmengine.dataset import Compose
    from mmseg.registry import TRANSFORMS

    packed = Compose([TRANSFORMS.build(step) for step in pipeline])(dict(image))
    inputs = packed['inputs'] if isinstance(packed['inputs'], list) else [packed['inputs']]
    return [tuple(image.shape[1:]) for image in inputs]


def test_semantic_fpn_is_tested_on_sides_that_32_divides_and_upernet_on_any(image):
    for name, expected in (('fpn_uniformer_s_g_80k', 800), ('upernet_uniformer_s_g_160k', 782)):
        config = load(CONFIGS / 'seg' / f'{name}.py')
        pipeline = config.test_dataloader.dataset.pipeline
        assert shapes_of(pipeline, image) == [(512, expected)]
        assert config.val_dataloader.dataset.pipeline == pipeline
        assert config.model.test_cfg.mode == 'whole'


def test_several_scales_are_half_to_seven_quarters_of_the_test_size_each_flipped(image):
    pipeline = load(CONFIGS / 'seg' / 'upernet_uniformer_s_g_160k.py').tta_pipeline
    ratios = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
    expected = [(int(512 * r), int(611 * 512 * r / 400 + 0.5)) for r in ratios for _ in range(2)]
    assert shapes_of(pipeline, image) == expected
    pipeline = load(CONFIGS / 'seg' / 'fpn_uniformer_s_g_80k.py').tta_pipeline
    aligned = [(h, -(-w // 32) * 32) for h, w in expected]
    assert shapes_of(pipeline, image) == aligned


def test_a_slide_over_one_crop_is_the_whole_image():
    torch.manual_seed(0)
    model = small(load(CONFIGS / 'seg' / 'fpn_uniformer_s_g_80k.py')).eval()
    inputs = inputs_for(model)
    with torch.no_grad():
        whole = model(**inputs, mode='predict')
        model.test_cfg.update(mode='slide', crop_size=(128, 128), stride=(85, 85))
        slide = model(**inputs_for(model), mode='predict')
    for a, b in zip(whole, slide, strict=True):
        assert torch.equal(a.seg_logits.data, b.seg_logits.data)
