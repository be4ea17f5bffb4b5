"""A fused net is the net it was: outputs to rounding, fewer parameters, and no way to train it."""

import copy

import pytest
import torch
from small_nets import NETS as SMALL_NETS
from small_nets import image_net, sample, tensors, trained
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmuniformer.models import UniFormer

NETS = {**SMALL_NETS, 'small': lambda: UniFormer(attention='hybrid')}
TOLERANCE = 1e-5  # of the output's standard deviation, in float32
EXACT = 1e-12  # in float64


@torch.no_grad()
def errors(net: nn.Module, other: nn.Module) -> list[float]:
    """Largest deviation of each output in units of its standard deviation."""
    outs = [
        tensors(model(sample(model).to(next(model.parameters()).dtype))) for model in (net, other)
    ]
    pairs = zip(*outs, strict=True)
    return [((left - right).abs().max() / left.std()).item() for left, right in pairs]


@pytest.mark.parametrize('name', NETS)
def test_outputs_are_those_of_the_net_before(name):
    net = trained(NETS[name]())
    exact, fused = copy.deepcopy(net).double(), copy.deepcopy(net)
    assert fused.fuse() is fused
    # Not to the net in float32: where the maps are deep, that is further from exact than the fused.
    assert max(errors(exact, fused)) < TOLERANCE
    assert max(errors(exact, copy.deepcopy(exact).fuse())) < EXACT


@pytest.mark.parametrize('name', NETS)
def test_what_is_gone_are_norms_with_statistics_and_factors(name):
    net = trained(NETS[name]())
    of_norms = {
        f'{path}.{key}'
        for path, module in net.named_modules()
        for key in module.state_dict()
        if isinstance(module, _BatchNorm) and path != 'norm'
    }
    gone = {key for key in net.state_dict() if key in of_norms or '.gamma_' in key}
    before = dict(net.named_parameters())
    net.fuse()
    assert before.keys() - dict(net.named_parameters()).keys() == gone & before.keys()
    assert net.state_dict().keys() | gone >= before.keys()
    lost = sum(before[key].numel() for key in gone & before.keys())
    left = sum(parameter.numel() for parameter in net.parameters())
    assert left == sum(parameter.numel() for parameter in before.values()) - lost
    assert [m for m in net.modules() if isinstance(m, _BatchNorm)] == (
        [net.norm] if isinstance(getattr(net, 'norm', None), _BatchNorm) else []
    )


@pytest.mark.parametrize('name', ['hybrid', 'v2 local'])
def test_a_second_call_changes_nothing(name):
    once = trained(NETS[name]()).fuse()
    twice = copy.deepcopy(once).fuse()
    assert max(errors(once, twice)) == 0


def test_frozen_stages_and_activation_checkpointing_do_not_hinder_it():
    net = trained(image_net(frozen_stages=2, with_cp=True, norm_eval=True))
    assert max(errors(net, copy.deepcopy(net).fuse())) < TOLERANCE


@pytest.mark.parametrize('name', ['hybrid', 'v2 local'])
def test_a_net_in_training_is_refused_and_stays_as_it_was(name):
    net = trained(NETS[name]())
    before = copy.deepcopy(net.state_dict())
    with pytest.raises(ValueError, match=r'is in training mode; call eval\(\) before fuse\(\)'):
        net.train().fuse()
    assert before.keys() == net.state_dict().keys()
    net.eval()
    next(iter(net.children())).train()
    with pytest.raises(ValueError, match='is in training mode'):
        net.fuse()


def test_a_fused_net_refuses_to_be_trained():
    net = trained(image_net()).fuse()
    assert net.eval() is net
    with pytest.raises(ValueError, match='a fused UniFormer cannot be trained; build another'):
        nn.Sequential(net).train()


@pytest.mark.parametrize('name', ['hybrid', 'v2', 'v2 local'])
def test_a_fused_net_takes_fused_weights_alone_and_another_takes_none(name):
    net = trained(NETS[name]())
    weights = copy.deepcopy(net.state_dict())
    fused = copy.deepcopy(net).fuse()
    for strict in (True, False):
        for target, source, message in (
            (fused, weights, r'takes fused weights alone; load others before fuse\(\)'),
            (net, fused.state_dict(), r'this one is not: call fuse\(\) first'),
        ):
            with pytest.raises(ValueError, match=message):
                nn.ModuleDict({'backbone': target}).load_state_dict(
                    {f'backbone.{key}': value for key, value in source.items()}, strict=strict
                )
    head = nn.ModuleDict({'backbone': fused, 'head': nn.Linear(2, 3)})
    head.load_state_dict(
        {'head.weight': torch.ones(3, 2), 'head.bias': torch.ones(3)}, strict=False
    )
    other = NETS[name]().eval().fuse()
    other.load_state_dict(fused.state_dict())
    assert max(errors(fused, other)) == 0
