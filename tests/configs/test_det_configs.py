"""Every config of configs/det: it builds, trains, predicts, and its name tells the truth."""

import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

pytest.importorskip('mmdet')

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
DET = sorted((CONFIGS / 'det').glob('*.py'))
FULL = [path for path in DET if not path.name.startswith('mini_')]
NAME = re.compile(
    r'(?P<mini>mini_)?(?P<method>mask_rcnn|cascade_mask_rcnn)_uniformer_(?P<size>s|b|xxs|xs)'
    r'_(?P<pattern>[ghw]\d*)(_(?P<schedule>1x|3x_ms))?'
)
SIZES = {'s': 'small', 'b': 'base'}
DEPTHS = {'s': (3, 4, 8, 3), 'b': (5, 8, 20, 7)}
PATTERNS = {'g': 'global', 'w': 'window', 'h': 'hybrid'}
EPOCHS = {'1x': 12, '3x_ms': 36}


def stem(path: Path) -> str:
    return path.stem


def load(path: Path) -> Config:
    config = Config.fromfile(path)
    init_default_scope(config.default_scope)
    return config


def build(config: Config, **backbone) -> torch.nn.Module:
    from mmdet.registry import MODELS

    config.model.backbone.update(init_cfg=None, **backbone)
    use_few_regions(config.model)
    return MODELS.build(config.model)


def use_few_regions(model: Config) -> None:
    """Hundreds of regions per picture cost minutes, and show nothing that dozens do not."""
    for cfg in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
        cfg.max_per_img = min(cfg.max_per_img, 50)
    stages = model.train_cfg.rcnn
    for stage in stages if isinstance(stages, list) else [stages]:
        stage.sampler.num = min(stage.sampler.num, 16)


def inputs_for(model: torch.nn.Module, side: int = 128) -> dict:
    from mmdet.testing import demo_mm_inputs

    classes = model.roi_head.bbox_head
    classes = (classes[0] if isinstance(classes, torch.nn.ModuleList) else classes).num_classes
    data = demo_mm_inputs(
        2, [[3, side, side]] * 2, num_items=[3, 2], num_classes=classes, with_mask=True
    )
    return model.data_preprocessor(data, True)


@pytest.mark.parametrize('path', DET, ids=stem)
def test_every_part_of_a_model_gets_a_finite_gradient(path):
    torch.manual_seed(0)
    model = build(load(path), drop_path_rate=0.0).train()
    losses = model(**inputs_for(model), mode='loss')
    loss, _ = model.parse_losses(losses)
    assert torch.isfinite(loss)
    loss.backward()
    missing = [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert missing == []
    for name in ('backbone', 'neck', 'rpn_head', 'roi_head'):
        gradients = [p.grad for p in getattr(model, name).parameters() if p.grad is not None]
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        assert torch.isfinite(norm)
        assert norm > 0, name


@pytest.mark.parametrize('path', DET, ids=stem)
def test_a_model_predicts_a_mask_for_every_box_in_the_size_of_the_picture(path):
    config = load(path)
    config.model.test_cfg.rcnn.score_thr = 0.0  # untrained scores are low
    model = build(config).eval()
    with torch.no_grad():
        samples = model(**inputs_for(model), mode='predict')
    for sample in samples:
        found = sample.pred_instances
        assert 0 < len(found) <= config.model.test_cfg.rcnn.max_per_img
        assert found.masks.shape == (len(found), *sample.ori_shape[:2])
        assert found.scores.min() >= 0


@pytest.mark.parametrize('path', DET, ids=stem)
def test_the_name_of_a_config_tells_the_truth(path):
    name = NAME.fullmatch(path.stem)
    assert name, f'{path.stem} does not follow METHOD_uniformer_SIZE_PATTERN_SCHEDULE'
    config = load(path)
    backbone = config.model.backbone
    if name['mini']:
        assert tuple(build(config).backbone.depths) == DEPTHS[name['size']]
        assert config.train_dataloader.dataset.data_root == 'data/mini/coco/'
    else:
        assert backbone.arch == SIZES[name['size']]
        assert config.train_cfg.max_epochs == EPOCHS[name['schedule']]
        assert config.train_dataloader.dataset.data_root == 'data/coco/'
    assert backbone.attention == PATTERNS[name['pattern'][0]]
    if name['pattern'] != 'g':
        assert backbone.window_size == int(name['pattern'][1:])
    assert (
        config.model.type
        == {'mask_rcnn': 'MaskRCNN', 'cascade_mask_rcnn': 'CascadeRCNN'}[name['method']]
    )


def test_base_names_are_unique_because_mim_looks_configs_up_by_them():
    counts = Counter(path.name for path in CONFIGS.rglob('*.py'))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize('path', FULL, ids=stem)
def test_a_leaf_states_differences_only(path):
    _, header, body = path.read_text().split('"""')
    assert 'Table' in header
    assert 'Expected' in header
    assert len([line for line in body.splitlines() if line.strip()]) <= 15


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
    model = build(config)
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


def test_the_mini_model_differs_from_the_full_one_in_sizes_only():
    mini = load(CONFIGS / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py').model
    full = load(CONFIGS / 'det' / 'mask_rcnn_uniformer_s_h14_1x.py').model
    full.backbone.init_cfg = None
    types = [
        [type(module).__name__ for module in build(Config(dict(model=model))).modules()]
        for model in (mini, full)
    ]
    drop_path = {'DropPath', 'Identity'}
    assert [name for name in types[0] if name not in drop_path] == [
        name for name in types[1] if name not in drop_path
    ]
