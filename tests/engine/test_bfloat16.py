"""The backbone trains in bfloat16 on a CPU, everything else stays float32; and both in a Runner."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor, nn

import mmuniformer  # noqa: F401
from mmuniformer.engine import BFloat16OptimWrapper
from mmuniformer.models import UniFormer, UniFormer3D

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
ARCH = {'depths': (1, 1, 2, 1), 'dims': (16, 16, 32, 32), 'head_dim': 8}
STEPS = 6
# Relative difference of a loss to that in float32. Measured at most, in 6 steps: 0.0009 with
# UniFormer, 0.0019 with UniFormer3D; 0.0027 with Mask R-CNN, which samples other regions.
TOLERANCE = 0.01


class Classifier(BaseModel):
    """A backbone, a linear layer, a loss."""

    def __init__(self, backbone: nn.Module):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(32, 3)

    def forward(self, inputs: Tensor, labels: Tensor, mode: str = 'loss') -> dict[str, Tensor]:
        features = self.backbone(inputs)[-1]
        return {'loss': F.cross_entropy(self.head(features.flatten(2).mean(-1)), labels)}


def classifier(net: type[UniFormer] = UniFormer, **options) -> Classifier:
    torch.manual_seed(0)
    return Classifier(net(arch=ARCH, out_indices=(3,), **options))


def batch(ndim: int = 2) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    size = (4, 3, 4, 64, 64) if ndim == 3 else (4, 3, 64, 64)
    return {'inputs': torch.randn(size, generator=generator), 'labels': torch.tensor([0, 1, 2, 0])}


def wrapper(model: nn.Module, type_: str) -> OptimWrapper:
    optimizer = {'type': 'AdamW', 'lr': 1e-3, 'weight_decay': 0.05}
    return build_optim_wrapper(model, {'type': type_, 'optimizer': optimizer})


def losses(model: Classifier, type_: str, steps: int = STEPS) -> list[float]:
    optim_wrapper, data = wrapper(model, type_), batch(model.backbone.ndim)
    model.train()
    found = []
    for _ in range(steps):
        with optim_wrapper.optim_context(model):
            loss = model(**data)['loss']
        optim_wrapper.update_params(loss)
        found.append(loss.item())
    return found


@pytest.mark.parametrize('net', [UniFormer, UniFormer3D])
def test_the_losses_are_finite_and_close_to_those_of_float32(net):
    options = {'out_norm': 'layer'}
    model = classifier(net, **options)
    found = losses(model, 'BFloat16OptimWrapper')
    expected = losses(classifier(net, **options), 'OptimWrapper')
    assert all(map(math.isfinite, found))
    assert found == pytest.approx(expected, rel=TOLERANCE)
    assert found != expected
    assert found[-1] < found[0] / 2


def test_parameters_gradients_and_the_state_of_the_optimizer_stay_float32():
    model, data = classifier(), batch()
    optim_wrapper = wrapper(model, 'BFloat16OptimWrapper')
    for _ in range(2):
        optim_wrapper.zero_grad()
        with optim_wrapper.optim_context(model):
            loss = model(**data)['loss']
        optim_wrapper.backward(loss)
        optim_wrapper.step()
    for parameter in model.parameters():
        tensors = [parameter, parameter.grad, *optim_wrapper.optimizer.state[parameter].values()]
        assert {tensor.dtype for tensor in tensors} == {torch.float32}
        assert torch.isfinite(parameter.grad).all()


def test_the_layers_of_the_backbone_compute_in_bfloat16_and_the_head_in_float32():
    model = classifier()
    seen = {}
    for name in ('backbone.blocks1.0.conv1', 'backbone.blocks3.0.attn.qkv', 'head'):
        model.get_submodule(name).register_forward_hook(
            lambda module, args, output, name=name: seen.update({name: output.dtype})
        )
    losses(model, 'BFloat16OptimWrapper', steps=1)
    assert seen == {
        'backbone.blocks1.0.conv1': torch.bfloat16,
        'backbone.blocks3.0.attn.qkv': torch.bfloat16,
        'head': torch.float32,
    }


def test_recomputing_activations_changes_no_loss():
    recomputed = losses(classifier(with_cp=True), 'BFloat16OptimWrapper')
    assert recomputed == losses(classifier(), 'BFloat16OptimWrapper')


def test_the_backbone_is_itself_again_after_a_step_and_after_an_error():
    model = classifier().eval()
    optim_wrapper, data = wrapper(model, 'BFloat16OptimWrapper'), batch()
    with torch.no_grad():
        before = model(**data)['loss']
        with optim_wrapper.optim_context(model):
            meanwhile = model(**data)['loss']
        with pytest.raises(KeyError), optim_wrapper.optim_context(model):
            raise KeyError
        assert 'forward' not in vars(model.backbone)
        assert before == model(**data)['loss'] != meanwhile


def test_a_forward_that_somebody_else_replaced_is_put_back():
    model = classifier()
    original = model.backbone.forward
    model.backbone.forward = replacement = lambda x: original(x)
    losses(model, 'BFloat16OptimWrapper', steps=1)
    assert model.backbone.forward is replacement


def test_a_model_without_a_backbone_is_refused():
    model = nn.Linear(2, 2)
    with (
        pytest.raises(ValueError, match='Linear has no module called backbone'),
        wrapper(model, 'BFloat16OptimWrapper').optim_context(model),
    ):
        pass


def test_mask_rcnn_computes_its_losses_with_a_backbone_in_bfloat16():
    pytest.importorskip('mmdet')
    from mmdet.registry import MODELS
    from mmdet.testing import demo_mm_inputs

    config = Config.fromfile(CONFIGS / 'det' / 'mini_mask_rcnn_uniformer_s_h14.py')
    init_default_scope(config.default_scope)
    config.model.backbone.update(init_cfg=None, drop_path_rate=0.0)
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    classes = model.roi_head.bbox_head.num_classes
    data = demo_mm_inputs(
        2, [[3, 96, 96]] * 2, num_items=[3, 2], num_classes=classes, with_mask=True
    )
    data = model.data_preprocessor(data, True)
    optim_wrapper = wrapper(model, 'BFloat16OptimWrapper')
    found = []
    for context in (optim_wrapper.optim_context(model), torch.enable_grad()):
        torch.manual_seed(1)
        with context:
            loss, _ = model.parse_losses(model(**data, mode='loss'))
        found.append(loss.item())
    assert found[0] == pytest.approx(found[1], rel=TOLERANCE)
    optim_wrapper.update_params(loss)


class Losses(Hook):
    def __init__(self):
        self.losses: list[float] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append(outputs['loss'].item())


class Batches(torch.utils.data.Dataset):
    """The same example over and over."""

    def __len__(self) -> int:
        return 4 * STEPS

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: value[index % 4] for name, value in batch().items()}


@pytest.mark.parametrize('scope', ['mmdet', 'mmseg'])
def test_a_runner_takes_both_by_their_bare_names(tmp_path, scope):
    pytest.importorskip(scope)
    hook, model = Losses(), classifier()
    runner = Runner(
        model,
        work_dir=str(tmp_path),
        experiment_name=f'{scope}_{tmp_path.name}',
        default_scope=scope,
        train_dataloader=dict(
            dataset=Batches(),
            batch_size=4,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        param_scheduler=dict(type='ConstantLR', factor=1.0),
        optim_wrapper=dict(
            type='BFloat16OptimWrapper',
            constructor='LayerwiseOptimWrapperConstructor',
            optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
            paramwise_cfg=dict(layer_decay_rate=0.9, norm_decay_mult=0.0),
        ),
        custom_hooks=[hook],
    )
    runner.train()
    assert isinstance(runner.optim_wrapper, BFloat16OptimWrapper)
    groups = runner.optim_wrapper.param_groups
    assert min(group['lr'] for group in groups) == pytest.approx(1e-3 * 0.9**6)
    assert max(group['lr'] for group in groups) == 1e-3
    assert len(hook.losses) == STEPS
    assert all(map(math.isfinite, hook.losses))
    assert hook.losses[-1] < hook.losses[0]
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
