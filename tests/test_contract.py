"""What every backbone promises, whichever its family and form."""

import copy
import pickle

import pytest
import torch
from small_nets import NETS, sample, tensors, trained
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmuniformer.layers.accelerate import PLAIN, accelerate, plain
from mmuniformer.models import UniFormerV2

pytestmark = pytest.mark.parametrize('name', NETS)
DROPPED = {'drop_path_rate': 0.4, 'drop_rate': 0.1}


def run(net: nn.Module, x: Tensor) -> list[Tensor]:
    return list(tensors(net(x)))


def train_step(net: nn.Module, x: Tensor) -> tuple[list[Tensor], dict[str, Tensor], list[Tensor]]:
    """Outputs, gradients by name, and buffers after a step; each output has a weight of its own."""
    torch.manual_seed(7)
    outs = run(net.train(), x)
    sum((out * torch.randn_like(out)).sum() for out in outs).backward()
    gradients = {key: value.grad for key, value in net.named_parameters()}
    return outs, gradients, list(net.buffers())


def assert_equal(left: tuple, right: tuple, tolerance: float = 1e-5) -> None:
    """Compare two training steps to ``tolerance`` times the largest value of each tensor."""
    for name, ours, theirs in zip(('outputs', 'gradients', 'buffers'), left, right, strict=True):
        if name == 'gradients':
            assert list(ours) == list(theirs)
            ours, theirs = list(ours.values()), list(theirs.values())
        # The gradient of a bias before a BatchNorm is rounding of what its neighbors get.
        least = max(value.abs().max() for value in theirs).item() if name == 'gradients' else 1
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(
                a, b, rtol=0, atol=tolerance * max(b.abs().max().item(), least)
            )


def test_every_parameter_gets_a_finite_gradient(name):
    net = NETS[name]()
    for key, gradient in train_step(net, sample(net))[1].items():
        assert gradient is not None and gradient.isfinite().all(), key


def test_activation_checkpointing_changes_no_output_gradient_or_statistic(name):
    kept, recomputed = (
        trained(NETS[name](with_cp=with_cp, **DROPPED)) for with_cp in (False, True)
    )
    x = sample(kept)
    assert_equal(train_step(recomputed, x), train_step(kept, x))


def test_a_batch_equals_its_samples(name):
    net = trained(NETS[name]())
    x = sample(net)
    with torch.no_grad():
        batch, samples = run(net, x), [run(net, x[index : index + 1]) for index in range(len(x))]
    for out, *single in zip(batch, *samples, strict=True):
        torch.testing.assert_close(out, torch.cat(single), rtol=1e-4, atol=1e-4 * out.std().item())


def sides_of_stages(net: nn.Module, x: Tensor) -> dict[int, list[int]]:
    """Stride → sides of its map: convolutional downsampling rounds up, that by patches down."""
    sides = list(x.shape[-2:])
    if isinstance(net, UniFormerV2):
        return {stride: [side // stride for side in sides] for stride in net.out_strides}
    found = {1: sides}
    for stride, stage in ((2, 0), (4, 0), (8, 1), (16, 2), (32, 3)):
        up = net.stem_of(stage) == 'conv'
        found[stride] = [(side + up) // 2 for side in found[stride // 2]]
    return found


def test_outputs_have_the_declared_channels_and_strides(name):
    net = trained(NETS[name]())
    x = sample(net)
    with torch.no_grad():
        outs = [out for out in run(net, x) if out.ndim > 2]
    if isinstance(net, UniFormerV2) and net.out_indices is None:
        assert not outs  # one feature of the whole clip
        return
    assert [out.shape[1] for out in outs] == list(net.out_channels)
    sides = sides_of_stages(net, x)
    assert [list(out.shape[-2:]) for out in outs] == [sides[stride] for stride in net.out_strides]


def test_the_frozen_part_gets_no_gradient_and_keeps_its_statistics(name):
    net = trained(NETS[name](frozen_stages=1))
    frozen = [key for key, value in net.named_parameters() if not value.requires_grad]
    before = {key: value.clone() for key, value in net.state_dict().items()}
    gradients = train_step(net, sample(net))[1]
    assert frozen and {key for key, value in gradients.items() if value is None} == set(frozen)
    modules = {key.rpartition('.')[0] for key in frozen} - {''}
    assert not any(net.get_submodule(module).training for module in modules)
    after = net.state_dict()
    kept = [key for key in after if key.rpartition('.')[0] in modules]
    assert all(torch.equal(after[key], before[key]) for key in kept)


def test_norm_eval_keeps_batch_statistics_and_still_trains_the_rest(name):
    net = trained(NETS[name](norm_eval=True))
    before = [buffer.clone() for buffer in net.buffers()]
    gradients = train_step(net, sample(net))[1]
    assert all(torch.equal(a, b) for a, b in zip(before, net.buffers(), strict=True))
    assert not any(m.training for m in net.modules() if isinstance(m, _BatchNorm))
    assert net.training and all(gradient is not None for gradient in gradients.values())


def test_layer_depths_start_at_the_stem_and_never_fall_along_the_blocks(name):
    net = NETS[name]()
    depths = {key: net.get_layer_depth(f'backbone.{key}', 'backbone.') for key in net.state_dict()}
    (num_layers,) = {number for _, number in depths.values()}
    assert min(layer for layer, _ in depths.values()) == 0
    assert max(layer for layer, _ in depths.values()) <= num_layers - 1
    assert net.get_layer_depth('head.weight', 'backbone.') == (num_layers - 1, num_layers)


def test_training_and_evaluation_mode_return_the_net(name):
    net = NETS[name]()
    assert net.train() is net and net.eval() is net


def test_a_saved_net_loads_with_the_same_outputs(name, tmp_path):
    net, other = trained(NETS[name]()), NETS[name]().eval()
    torch.save(net.state_dict(), tmp_path / 'net.pth')
    other.load_state_dict(torch.load(tmp_path / 'net.pth', weights_only=True))
    x = sample(net)
    with torch.no_grad():
        assert all(torch.equal(a, b) for a, b in zip(run(net, x), run(other, x), strict=True))


@pytest.mark.parametrize('copied', [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_gives_the_same_outputs_and_shares_nothing(name, copied):
    net = trained(NETS[name]())
    other = copied(net)
    assert not {p.data_ptr() for p in net.parameters()} & {p.data_ptr() for p in other.parameters()}
    x = sample(net)
    with torch.no_grad():
        assert all(torch.equal(a, b) for a, b in zip(run(net, x), run(other, x), strict=True))


def test_accelerated_layers_change_no_output_and_no_gradient(name):
    fast, slow = (trained(NETS[name](accelerate=form)).double() for form in (True, False))
    assert list(fast.state_dict()) == list(slow.state_dict())
    classes = [type(module) for module in fast.modules()]
    assert set(classes) & set(PLAIN)
    x = sample(fast).double()
    assert_equal(train_step(fast, x), train_step(slow, x), 1e-10)
    assert plain(fast) is fast and accelerate(slow) is slow
    assert [type(m) for m in accelerate(slow).modules()] == classes
    assert not {type(m) for m in fast.modules()} & set(PLAIN)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        ({'arch': 'tiny'}, 'tiny'),
        ({'in_channels': 0}, 'in_channels must be a positive integer, got 0'),
        ({'frozen_stages': 99}, 'frozen_stages 99 is not in -1 … '),
        ({'drop_path_rate': 1.0}, r'drop_path_rate 1.0 is outside \[0, 1\)'),
        ({'drop_rate': -0.1}, r'drop_rate -0.1 is outside \[0, 1\)'),
        ({'out_indices': (3, 1)}, 'out_indices'),
        ({'with_cp': 'all'}, 'with_cp'),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else '',
)
def test_a_bad_argument_is_refused(name, wrong, message):
    with pytest.raises((TypeError, ValueError), match=message):
        NETS[name](**wrong)
