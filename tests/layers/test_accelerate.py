"""Accelerated layers compute what the plain ones do, and are swapped in and out without a trace."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from small_nets import NETS, sample, trained
from torch import nn

from mmuniformer.layers import (
    DividedBlock,
    DropPath,
    GlobalBlock,
    LocalBlock,
    Mlp,
    PooledBlock,
)
from mmuniformer.layers.accelerate import (
    INPLACE,
    PLAIN,
    FastDepthwise2d,
    FastDPE2d,
    FastDPE3d,
    InplaceGELU,
    InplaceQuickGELU,
    SparseDropPath,
    accelerate,
    plain,
)
from mmuniformer.layers.activation import QuickGELU
from mmuniformer.layers.blocks_v2 import LocalUniBlock, TokenMlp
from mmuniformer.layers.dpe import DPE, DPE2d, DPE3d
from mmuniformer.layers.nd import DEPTHWISE, Depthwise2d
from mmuniformer.models import UniFormer, UniFormerV2

KERNELS = [(5, 5), (3, 3), (3, 7), (5, 5, 5), (3, 3, 3), (1, 5, 5), (3, 1, 1)]
NAMES = ['×'.join(map(str, kernel)) for kernel in KERNELS]


def pair(kernel: tuple[int, ...]) -> tuple[nn.Module, nn.Module]:
    """A depthwise convolution, accelerated and plain, with the same weights."""
    torch.manual_seed(0)
    layer = DEPTHWISE[len(kernel)](6, kernel)
    return accelerate(copy.deepcopy(layer)), layer


def clip(kernel: tuple[int, ...]) -> torch.Tensor:
    size = (4, 9, 6)[-len(kernel) :] if kernel != (3, 1, 1) else (4, 9, 1)
    return torch.randn(2, 6, *size, dtype=torch.double, requires_grad=True)


def classes(net: nn.Module) -> list[type]:
    return [type(module) for module in net.modules()]


@pytest.mark.parametrize('family', [UniFormer, UniFormerV2])
def test_a_backbone_is_accelerated_unless_told_not_to_be(family):
    with torch.device('meta'):
        assert set(classes(family())) & set(PLAIN)
        assert not set(classes(family(accelerate=False))) & set(PLAIN)
        assert classes(accelerate(family(accelerate=False))) == classes(family())


def test_copies_pickles_hooks_and_fusing_survive_the_swap():
    net = trained(NETS['hybrid']())
    assert classes(copy.deepcopy(net)) == classes(net)
    assert classes(pickle.loads(pickle.dumps(net))) == classes(net)
    calls = []
    plain(net).blocks1[0].pos_embed.register_forward_hook(lambda *_: calls.append(1))
    accelerate(net)(sample(net))
    assert calls == [1]
    fused = copy.deepcopy(net).fuse()
    assert not any(isinstance(module, DPE) for module in fused.modules())
    assert type(fused.blocks1[0].pos_embed) is FastDepthwise2d
    assert type(plain(fused).blocks1[0].pos_embed) is Depthwise2d


def test_what_belongs_to_dpe_and_what_to_blocks_with_batch_norm():
    assert isinstance(accelerate(DPE2d(4, 3)), DPE) and type(accelerate(DPE2d(4, 3))) is FastDPE2d
    assert type(accelerate(DPE3d(4, 3))) is FastDPE3d
    # BatchNorm sees the whole batch, so no sample may be left out.
    assert type(accelerate(LocalBlock(2, 8, drop_path=0.5)).drop_path) is DropPath
    assert type(accelerate(GlobalBlock(2, 8, head_dim=8)).drop_path) is SparseDropPath
    assert plain(accelerate(GlobalBlock(2, 8, head_dim=8)), FastDPE2d).drop_path.__class__ is (
        SparseDropPath
    )


def test_any_other_convolution_is_left_alone():
    layers = nn.ModuleList([nn.Conv2d(6, 6, 5, padding=2, groups=6), nn.Conv3d(6, 6, 3)])
    assert classes(accelerate(layers)) == [nn.ModuleList, nn.Conv2d, nn.Conv3d]


@pytest.mark.parametrize('act', [nn.GELU, QuickGELU])
def test_activations_use_the_memory_of_their_input_in_inference_alone(act):
    x, fast = torch.randn(7, 5), INPLACE[act]()
    expected, before = act()(x), x.clone()
    torch.testing.assert_close(fast(x), expected)
    torch.jit.trace(fast, x)
    assert torch.equal(x, before)
    with torch.no_grad():
        assert fast(x).data_ptr() == x.data_ptr()
    torch.testing.assert_close(x, expected)


def test_only_the_activation_of_an_ffn_may_overwrite_its_input():
    layers = nn.ModuleList([Mlp(4, 8), TokenMlp(4, 8), nn.GELU(), QuickGELU()])
    found = [cls for cls in classes(accelerate(layers)) if cls in (*INPLACE, *INPLACE.values())]
    assert found == [InplaceGELU, InplaceQuickGELU, nn.GELU, QuickGELU]


@pytest.mark.parametrize('kernel', KERNELS, ids=NAMES)
def test_maps_and_gradients_are_those_of_a_convolution(kernel):
    x, results = clip(kernel), []
    for net in pair(kernel):
        out = net.double()(x)
        grads = torch.autograd.grad(out.sin().sum(), [x, *net.parameters()], create_graph=True)
        second = torch.autograd.grad(grads[0].square().sum(), [x, net.weight])
        results.append([out, *grads, *second])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-12)
    assert out.shape == x.shape


@pytest.mark.parametrize('kernel', KERNELS, ids=NAMES)
def test_without_gradients_it_is_the_convolution_itself(kernel):
    fast, slow = pair(kernel)
    x = clip(kernel).float()
    with torch.no_grad():
        torch.testing.assert_close(fast(x), slow(x))


@pytest.mark.parametrize('kernel', [(5, 5), (5, 5, 5)], ids=['2D', '3D'])
def test_autocast_computes_its_gradients_in_bfloat16_too(kernel):
    x, results = clip(kernel).detach().float().requires_grad_(), []
    for net in pair(kernel):
        with torch.autocast('cpu', torch.bfloat16):
            out = net(x)
        grads = torch.autograd.grad(out.float().sin().sum(), [x, *net.parameters()])
        assert out.dtype == torch.bfloat16 and grads[0].dtype == grads[1].dtype == torch.float32
        results.append([out, *grads])
    for ours, theirs in zip(*results, strict=True):
        assert (ours - theirs).norm() <= 0.02 * theirs.norm()


@pytest.mark.parametrize('kernel', [(5, 5), (3, 3, 3)], ids=['2D', '3D'])
def test_only_the_gradients_that_are_wanted_are_computed(kernel):
    fast, slow = (layer.double() for layer in pair(kernel))
    x = clip(kernel).detach()
    fast.bias.requires_grad_(False)
    fast(x).sum().backward()
    assert fast.bias.grad is None and x.grad is None
    slow(x).sum().backward()
    torch.testing.assert_close(fast.weight.grad, slow.weight.grad)


def test_functional_gradients_of_single_samples_come_out():
    layer = pair((5, 5))[0].double()
    x = clip((5, 5)).detach()
    parameters = dict(layer.named_parameters())

    def loss(parameters, image):
        return torch.func.functional_call(layer, parameters, image[None]).square().sum()

    by_sample = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, x)
    total = F.conv2d(x, layer.weight, layer.bias, padding=2, groups=6).square().sum()
    (expected,) = torch.autograd.grad(total, layer.weight)
    torch.testing.assert_close(by_sample['weight'].sum(0), expected)


@pytest.mark.parametrize(
    ('seed', 'dropped'), [(38, [1, 3]), (3, []), (28, [0, 1, 2, 3])], ids=['some', 'none', 'all']
)
def test_samples_that_drop_path_drops_are_not_computed_and_all_else_is_the_same(seed, dropped):
    torch.manual_seed(0)
    layer, x = torch.nn.Linear(6, 6), torch.randn(4, 5, 6)
    seen = []

    def branch(part):
        seen.append(part.detach())
        return layer(part)

    def results(out):
        return out, *torch.autograd.grad(out.square().sum(), [leaf, *layer.parameters()])

    leaf = x.clone().requires_grad_()
    torch.manual_seed(seed)
    sparse = results(SparseDropPath(0.4).train().add(leaf, branch))
    computed = torch.cat(seen)
    torch.manual_seed(seed)
    masked = results(DropPath(0.4).train().add(leaf, branch))
    torch.testing.assert_close(sparse, masked)
    kept = [sample for sample in range(4) if sample not in dropped]
    # If nothing is kept, the parameters still get a gradient: of zeros.
    torch.testing.assert_close(computed, x[kept] if kept else x)


def test_drop_path_adds_a_branch_of_half_precision_to_a_full_one():
    x = torch.randn(4, 5)
    torch.manual_seed(38)
    out = SparseDropPath(0.4).train().add(x, lambda part: part.bfloat16())
    torch.manual_seed(38)
    expected = x + DropPath(0.4).train()(x.bfloat16().float())
    torch.testing.assert_close(out, expected)
    assert out.dtype == torch.float32


@pytest.mark.parametrize(
    ('block', 'size'),
    [
        (GlobalBlock(2, 16, head_dim=8, window_size=3, drop_path=0.5), (4, 5)),
        (PooledBlock(2, 16, head_dim=8, kv_stride=2, drop_path=0.5, layer_scale=0.3), (4, 5)),
        (GlobalBlock(3, 16, head_dim=8, drop_path=0.5), (2, 4, 3)),
        (DividedBlock(16, head_dim=8, drop_path=0.5), (2, 4, 3)),
        (LocalUniBlock(16, head_dim=8, local_mhra=2, drop_path=0.5), None),
    ],
    ids=['window', 'kv_stride', '3D', 'divided', 'V2'],
)
def test_blocks_train_as_if_dropped_branches_had_been_computed(block, size):
    x = torch.randn(6, 16, *size) if size else torch.randn(6, 2, 5, 16)
    results = []
    for form in (accelerate(block), plain(copy.deepcopy(block))):
        torch.manual_seed(5)
        out = form.train()(x)
        results.append((out, *torch.autograd.grad(out.square().sum(), list(form.parameters()))))
    assert type(block.drop_path) is SparseDropPath
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-4)
    assert not torch.equal(results[0][0], block.eval()(x))
