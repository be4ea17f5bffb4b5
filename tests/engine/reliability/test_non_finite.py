"""A run stops at the first non-finite number, says where, and keeps good checkpoints."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim import AmpOptimWrapper, OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor, nn

import mmuniformer  # noqa: F401
from mmuniformer.engine import NonFiniteStopHook
from mmuniformer.engine.reliability.non_finite_origin import find_in_forward
from mmuniformer.models import UniFormer

EPOCH, EPOCHS = 3, 3  # iterations of an epoch, epochs
BAD = 5  # the iteration, counted from 1, at which things go wrong: the second of epoch 2


class Fault(nn.Module):
    """The identity, except where ``active``: then NaN, there or in the gradient."""

    def __init__(self, failure: str = 'nan'):
        super().__init__()
        self.failure = failure
        self.active = False

    def forward(self, x: Tensor) -> Tensor:
        if not self.active:
            return x
        if self.failure == 'gradient':
            return x + (x - x.detach()).abs().sqrt()  # plus 0, whose gradient is 0 / 0
        if self.failure == 'chance':
            return x / (torch.rand(()) < 0.5)
        return x * float(self.failure)


class Part(nn.Module):
    """A layer, a fault, a layer; and a sum that can go wrong outside of them."""

    def __init__(self, fault: Fault, between: Fault):
        super().__init__()
        self.first, self.fault, self.last = nn.Linear(4, 4), fault, nn.Linear(4, 4)
        self.between = [between]  # no part of it that has hooks

    def forward(self, x: Tensor) -> Tensor:
        x = self.between[0].forward(self.first(x))
        return self.last(self.fault(x))


class Toy(BaseModel):
    def __init__(self, fault: str = 'nan', between: str | None = None):
        super().__init__()
        torch.manual_seed(0)
        self.faults = [Fault(fault), Fault(between or 'nan')]
        self.parts = nn.Sequential(nn.Linear(4, 4), Part(*self.faults))
        self.active = self.faults[between is not None]

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> dict[str, Tensor]:
        return {'loss': self.parts(inputs).square().mean()}


class Trigger(Hook):
    """Make the fault of the model active in the iteration ``BAD``, and note each loss."""

    priority = 'HIGHEST'

    def __init__(self):
        self.losses: list[float] = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        runner.model.active.active = runner.iter + 1 == BAD

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append(outputs['loss'].item())


class Numbers(torch.utils.data.Dataset):
    def __init__(self, size: tuple[int, ...] = (4,), bad: int | None = None):
        self.size, self.bad = size, bad

    def __len__(self) -> int:
        return 2 * EPOCH

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(index)
        value = torch.randn(self.size, generator=generator)
        return {'inputs': value * torch.inf if index == self.bad else value}


def runner_of(folder: Path, model: nn.Module, watched: bool = True, **options) -> Runner:
    checkpoint = {'type': 'CheckpointHook', 'interval': 1, 'max_keep_ckpts': 1}
    checkpoint |= options.pop('checkpoint', {})
    optim_wrapper = {'optimizer': {'type': 'SGD', 'lr': 0.1}}
    dataloader = {
        'dataset': options.pop('dataset', Numbers()),
        'batch_size': 2,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'collate_fn': {'type': 'default_collate'},
    }
    hooks = [Trigger(), *([{'type': 'NonFiniteStopHook'}] if watched else [])]
    return Runner(
        model,
        work_dir=str(folder),
        experiment_name=f'{folder.name}_{watched}',
        default_hooks={'checkpoint': checkpoint},
        custom_hooks=hooks,
        train_dataloader=dataloader,
        train_cfg={'by_epoch': True, 'max_epochs': EPOCHS},
        default_scope='mmengine',
        optim_wrapper=options.pop('wrapper', {**optim_wrapper, **options}),
    )


def stop(runner: Runner) -> str:
    with pytest.raises(FloatingPointError) as error:
        runner.train()
    return str(error.value)


def losses(runner: Runner) -> list[float]:
    (trigger,) = (hook for hook in runner.hooks if isinstance(hook, Trigger))
    return trigger.losses


def saved(folder: Path) -> list[str]:
    """Names of the checkpoints, all of which are finite."""
    paths = sorted(folder.glob('*.pth'))
    for path in paths:
        state = torch.load(path, weights_only=True)['state_dict']
        assert all(torch.isfinite(tensor).all() for tensor in state.values())
    return [path.name for path in paths]


@pytest.mark.parametrize('value', ['nan', 'inf'])
def test_the_error_names_module_iteration_and_the_last_checkpoint(tmp_path, value):
    model = Toy(value)
    runner = runner_of(tmp_path, model)
    message = stop(runner)
    assert message.startswith(f'iteration {BAD}, epoch 2: the loss is ')
    assert 'It begins in parts.1.fault (Fault). ' in message
    last = tmp_path / 'epoch_1.pth'
    assert f'The last checkpoint is {last}. Go on from there with --resume' in message
    assert saved(tmp_path) == ['epoch_1.pth']
    assert len(losses(runner)) == BAD - 1
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert message in next(tmp_path.glob('*/*.log')).read_text()


def test_arithmetic_between_the_parts_of_a_module_is_that_modules(tmp_path):
    message = stop(runner_of(tmp_path, Toy(between='nan')))
    assert (
        'It begins in parts.1 (Part): not in a submodule but between them, before '
        'parts.1.fault (Fault). '
    ) in message


@pytest.mark.parametrize('seed', range(4))
def test_the_second_pass_draws_the_random_numbers_of_the_first(tmp_path, seed):
    model = Toy('chance')
    model.active, model.faults[0].active = nn.Identity(), True  # in every iteration
    runner = runner_of(tmp_path, model)
    torch.manual_seed(seed)
    assert 'It begins in parts.1.fault (Fault). ' in stop(runner)


def test_a_batch_that_is_not_finite_is_named(tmp_path):
    message = stop(runner_of(tmp_path, Toy(), dataset=Numbers(bad=3)))
    assert message.startswith('iteration 2, epoch 1: the loss is ')
    assert 'It begins in the batch: it holds numbers that are not finite. There is no' in message


def test_a_module_whose_weight_is_not_finite_is_named_with_it(tmp_path):
    model = Toy()
    nn.init.constant_(model.parts[1].last.bias, torch.nan)
    message = stop(runner_of(tmp_path, model))
    assert 'iteration 1, epoch 1: the loss is nan. It begins in parts.1.last (Linear), ' in message
    assert 'whose bias is not finite. There is no checkpoint.' in message


def test_minus_infinity_alone_is_a_mask_and_no_fault():
    class Masked(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.masked_fill(x < 0, -torch.inf)

    x = torch.tensor([[1.0, -1.0]])
    model = nn.Sequential(Masked(), nn.Softmax(-1), nn.Linear(2, 1))
    assert find_in_forward(model, lambda: model(x)) is None
    assert not any(module._forward_hooks for module in model.modules())
    model[2].weight.data.fill_(torch.inf)
    found = find_in_forward(model, lambda: model(x))
    assert found == 'in 2 (Linear), whose weight is not finite'


def test_a_normal_run_has_no_hooks_on_modules_and_the_losses_it_would_have_without(tmp_path):
    runs = []
    for watched in (True, False):
        model = Toy('1')
        runner = runner_of(tmp_path / str(watched), model, watched, clip_grad={'max_norm': 1.0})
        torch.manual_seed(0)
        runner.train()
        runs.append(losses(runner))
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
        assert 'backward' not in vars(runner.optim_wrapper)
        assert not runner.optim_wrapper.optimizer._optimizer_step_pre_hooks
    assert runs[0] == runs[1]
    assert len(runs[0]) == EPOCH * EPOCHS


def test_a_bad_gradient_after_a_good_loss_stops_before_the_old_checkpoint_is_deleted(tmp_path):
    by_iteration = {'by_epoch': False, 'interval': 1}
    message = stop(runner_of(tmp_path, Toy('gradient'), checkpoint=by_iteration))
    assert message.startswith(
        f'iteration {BAD}, epoch 2: a weight is not finite: parts.0.weight and 3 more. '
        'It begins after a finite loss'
    )
    assert f'The last checkpoint is {tmp_path / f"iter_{BAD - 1}.pth"}.' in message
    assert saved(tmp_path) == [f'iter_{BAD - 1}.pth']


def test_bad_weights_do_not_reach_the_checkpoint_of_an_epoch(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), 'BAD', 2 * EPOCH)  # the last iteration of epoch 2
    message = stop(runner_of(tmp_path, Toy('gradient')))
    assert message.startswith(f'iteration {2 * EPOCH}, epoch 2: a weight is not finite')
    assert saved(tmp_path) == ['epoch_1.pth']


def test_a_norm_of_the_gradient_that_is_not_finite_stops_before_the_step(tmp_path):
    model = Toy('gradient')
    message = stop(runner_of(tmp_path, model, clip_grad={'max_norm': 1.0}))
    assert message.startswith(f'iteration {BAD}, epoch 2: the norm of the gradient is nan. ')
    assert 'It begins in the gradient of parts.1.first (Linear). ' in message
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())
    assert saved(tmp_path) == ['epoch_1.pth']


class Scaled(AmpOptimWrapper):
    """mmengine's wrapper with its loss scaler, which wants an accelerator, on a CPU."""

    def __init__(self, **options):
        OptimWrapper.__init__(self, **options)
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=8.0)
        self._scale_update_param = None

    def optim_context(self, model):
        return OptimWrapper.optim_context(self, model)


@pytest.mark.parametrize('clip_grad', [None, {'max_norm': 1.0}])
@pytest.mark.parametrize('fused', [False, True])
def test_a_gradient_that_the_loss_scaler_leaves_out_is_no_reason_to_stop(
    tmp_path, clip_grad, fused
):
    model = Toy('gradient')
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=fused)
    wrapper = Scaled(optimizer=optimizer, clip_grad=clip_grad)
    runner = runner_of(tmp_path, model, wrapper=wrapper)
    runner.train()
    assert len(losses(runner)) == EPOCH * EPOCHS
    assert wrapper.loss_scaler.get_scale() == 4.0  # halved once, for the step left out
    assert saved(tmp_path) == [f'epoch_{EPOCHS}.pth']


def test_with_the_loss_scaler_a_loss_that_is_none_stops(tmp_path):
    model = Toy()
    wrapper = Scaled(optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    assert 'in parts.1.fault (Fault)' in stop(runner_of(tmp_path, model, wrapper=wrapper))


class Classifier(BaseModel):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = UniFormer(
            arch={'depths': (1, 1, 1, 1), 'dims': (8, 8, 16, 16), 'head_dim': 8},
            out_indices=3,
            out_norm='batch',
            with_cp=True,
            drop_path_rate=0.2,
        )
        self.active = Fault()
        self.backbone.blocks3[0].mlp.act = self.active

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> dict[str, Tensor]:
        return {'loss': self.backbone(inputs).square().mean()}


def test_it_finds_the_place_in_a_backbone_in_bfloat16_that_recomputes(tmp_path):
    wrapper = {'type': 'BFloat16OptimWrapper', 'optimizer': {'type': 'AdamW', 'lr': 1e-3}}
    runner = runner_of(tmp_path, Classifier(), dataset=Numbers((3, 32, 32)), wrapper=wrapper)
    message = stop(runner)
    assert re.match(f'iteration {BAD}, epoch 2: the loss is nan. It begins in backbone', message)
    assert 'in backbone.blocks3.0.mlp.act (Fault). ' in message


def test_several_optimizers_are_refused():
    runner = SimpleNamespace(optim_wrapper=OptimWrapperDict())
    with pytest.raises(TypeError, match='watches one OptimWrapper, not OptimWrapperDict; leave'):
        NonFiniteStopHook().before_train(runner)
