"""Every config of configs/det with UniFormer: it builds, trains, predicts; its name is true."""

import re

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from reference import Case

from configs import CONFIGS, build, check_pattern, check_size, check_step, configs_of, load, stem

pytest.importorskip('mmdet')

DET = [path for path in configs_of('det') if 'uniformer_' in path.stem]
NAME = re.compile(
    r'(?P<mini>mini_(?P<tuned>finetune_)?)?(?P<method>mask_rcnn|cascade_mask_rcnn|retinanet|dino)'
    r'_uniformer_((?P<size>s|b)_(?P<pattern>[ghw]\d*)|(?P<light>xxs|xs))'
    r'(_(?P<schedule>1x|3x_ms))?(?P<frozen>_frozenbn)?'
)
TYPES = {
    'mask_rcnn': 'MaskRCNN',
    'cascade_mask_rcnn': 'CascadeRCNN',
    'retinanet': 'RetinaNet',
    'dino': 'DINO',
}
EPOCHS = {'1x': 12, '3x_ms': 36}


def small(config: Config, **backbone) -> torch.nn.Module:
    """Build the model with few regions: hundreds cost minutes, and show nothing that dozens do not.

    Every score counts as a find, because those of an untrained model are low.
    """
    model = config.model
    if 'roi_head' in model:
        for cfg in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
            cfg.max_per_img = min(cfg.max_per_img, 50)
        stages = model.train_cfg.rcnn
        for stage in stages if isinstance(stages, list) else [stages]:
            stage.sampler.num = min(stage.sampler.num, 16)
        model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=10)
    elif 'score_thr' in model.test_cfg:
        model.test_cfg.update(score_thr=0.0, max_per_img=10)
    else:
        model.num_queries = model.test_cfg.max_per_img = 40
    return build(config, **backbone)


def inputs_for(model: torch.nn.Module, count: int = 2, side: int = 128) -> dict:
    from mmdet.testing import demo_mm_inputs

    head = model.roi_head.bbox_head if hasattr(model, 'roi_head') else model.bbox_head
    classes = (head[0] if isinstance(head, torch.nn.ModuleList) else head).num_classes
    data = demo_mm_inputs(
        count, [[3, side, side]] * count, num_items=[3, 2][:count],
        num_classes=classes + 1, with_mask=True,
    )  # fmt: skip
    for sample in data['data_samples']:
        sample.gt_instances.labels -= 1  # they begin at 1
    return model.data_preprocessor(data, True)


@pytest.mark.parametrize('path', DET, ids=stem)
def test_every_part_of_a_model_gets_a_finite_gradient(path):
    torch.manual_seed(0)
    model = small(load(path), drop_path_rate=0.0).train()
    check_step(model, inputs_for(model))


@pytest.mark.parametrize('path', DET, ids=stem)
def test_a_model_predicts_boxes_and_masks_in_the_image(path):
    torch.manual_seed(0)
    config = load(path)
    model = small(config).eval()
    with torch.no_grad():
        samples = model(**inputs_for(model, count=1), mode='predict')
    limit = config.model.test_cfg.get('rcnn', config.model.test_cfg).max_per_img
    for sample in samples:
        found = sample.pred_instances
        height, width = sample.ori_shape[:2]
        assert 0 < len(found) <= limit
        assert found.bboxes.min() >= 0
        assert (found.bboxes.max(0).values <= torch.tensor([width, height] * 2)).all()
        assert found.scores.min() >= 0
        if 'mask' in config.model.get('roi_head', {}).get('mask_head', {}).get('type', '').lower():
            assert found.masks.shape == (len(found), height, width)


@pytest.mark.parametrize('path', DET, ids=stem)
def test_the_name_of_a_config_tells_the_truth(path):
    name = NAME.fullmatch(path.stem)
    assert name, f'{path.stem} does not follow METHOD_uniformer_SIZE_PATTERN_SCHEDULE'
    config = load(path)
    check_size(config, name['size'] or name['light'], bool(name['mini']))
    if name['light']:
        assert config.model.backbone.type == 'UniFormerLight'
    else:
        check_pattern(config.model.backbone, name['pattern'])
    assert config.model.type == TYPES[name['method']]
    assert bool(name['schedule']) != bool(name['mini'])
    if name['mini']:
        folder = 'coco_keypoints' if name['tuned'] else 'coco'
        assert config.train_dataloader.dataset.data_root == f'data/mini/{folder}/'
    else:
        assert config.train_cfg.max_epochs == EPOCHS[name['schedule']]
        assert config.train_dataloader.dataset.data_root == 'data/coco/'


def test_the_1x_schedule_is_that_of_the_published_run():
    config = load(CONFIGS / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py')
    warmup, steps = config.param_scheduler
    assert (warmup.type, warmup.start_factor, warmup.end) == ('LinearLR', 0.001, 500)
    assert (steps.type, steps.milestones, steps.gamma) == ('MultiStepLR', [8, 11], 0.1)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.type, optimizer.lr, optimizer.weight_decay) == ('AdamW', 1e-4, 0.05)
    assert tuple(optimizer.betas) == (0.9, 0.999)
    assert config.optim_wrapper.get('clip_grad') is None
    assert config.train_dataloader.batch_size == 2
    assert config.auto_scale_lr == dict(enable=False, base_batch_size=16)
    resize = next(step for step in config.train_pipeline if step.type == 'Resize')
    assert resize.scale == (1333, 800)


def test_the_learning_rate_warms_up_over_500_iterations_and_falls_after_epochs_8_and_11():
    from mmengine.registry import PARAM_SCHEDULERS

    config = load(CONFIGS / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py')
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    warmup, steps = (
        PARAM_SCHEDULERS.build(item, default_args=dict(optimizer=optimizer))
        for item in config.param_scheduler
    )
    rates = []
    for _ in range(500):
        rates.append(optimizer.param_groups[0]['lr'])
        warmup.step()
    assert rates[0] == pytest.approx(1e-7)
    assert rates[249] == pytest.approx(5e-5, rel=0.01)
    assert rates[-1] == pytest.approx(1e-4)
    by_epoch = []
    for _ in range(12):
        by_epoch.append(optimizer.param_groups[0]['lr'])
        steps.step()
    assert by_epoch == pytest.approx([1e-4] * 8 + [1e-5] * 3 + [1e-6])


def test_norms_are_not_decayed_and_biases_and_position_embeddings_are():
    config = load(CONFIGS / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py')
    model = small(config)
    optimizer = build_optim_wrapper(model, config.optim_wrapper).optimizer
    decay = {id(group['params'][0]): group['weight_decay'] for group in optimizer.param_groups}
    by_name = {name: decay[id(parameter)] for name, parameter in model.named_parameters()}
    assert {value for name, value in by_name.items() if 'norm' in name} == {0.0}
    assert {value for name, value in by_name.items() if 'norm' not in name} == {0.05}
    assert by_name['backbone.blocks1.0.pos_embed.weight'] == 0.05
    assert by_name['backbone.blocks3.0.attn.qkv.bias'] == 0.05
    assert by_name['backbone.norm1.weight'] == 0.0


def test_the_published_run_drops_paths_and_recomputes_stage_3():
    backbone = load(CONFIGS / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py').model.backbone
    assert backbone.drop_path_rate == 0.2
    assert tuple(backbone.with_cp) == (0, 0, 8, 0)
    assert backbone.init_cfg.checkpoint.endswith('/uniformer_small_in1k.pth')
    assert not backbone.norm_eval


@pytest.mark.parametrize(('size', 'drop_path'), [('xxs', 0.0), ('xs', 0.15)])
def test_light_detectors_drop_the_published_paths_and_recompute_nothing(size, drop_path):
    backbone = load(CONFIGS / 'det' / f'mask_rcnn_uniformer_{size}_1x.py').model.backbone
    assert backbone.get('drop_path_rate', 0.0) == drop_path
    assert 'with_cp' not in backbone
    assert backbone.init_cfg.checkpoint == f'checkpoints/uniformer_{size}_224_in1k.pth'
    assert not backbone.norm_eval


@pytest.mark.parametrize('size', ['xxs', 'xs'])
def test_the_imagenet_file_of_a_light_model_starts_its_detector_but_for_the_output_norms(
    size, tmp_path
):
    torch.save(Case(f'cls_{size}').state_dict(), tmp_path / 'file.pth')
    config = load(CONFIGS / 'det' / f'mask_rcnn_uniformer_{size}_1x.py')
    report = build(config).backbone.load_pretrained(str(tmp_path / 'file.pth'))
    norms = [f'norm{stage}.{leaf}' for stage in range(1, 5) for leaf in ('weight', 'bias')]
    assert sorted(report.initialized) == sorted(norms)
    assert {name.partition('.')[0] for name in report.heads} == {
        'norm', 'norm_cls', 'head', 'head_cls',
    }  # fmt: skip
    assert report.coverage == 1
    assert not report.missing_keys and not report.unexpected_keys


@pytest.mark.parametrize('name', ['mask_rcnn_uniformer_s_h14', 'mask_rcnn_uniformer_xxs'])
def test_the_mini_model_differs_from_the_full_one_in_sizes_only(name):
    mini = load(CONFIGS / 'det' / f'mini_{name}.py').model
    full = load(CONFIGS / 'det' / f'{name}_1x.py').model
    full.backbone.init_cfg = None
    types = [
        [type(module).__name__ for module in build(Config(dict(model=model))).modules()]
        for model in (mini, full)
    ]
    drop_path = {'DropPath', 'Identity'}
    assert [name for name in types[0] if name not in drop_path] == [
        name for name in types[1] if name not in drop_path
    ]
